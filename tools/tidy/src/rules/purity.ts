// Cores have no clock, dice, event loop or world of their own (DESIGN section 1). The compiler refuses most of it by
// `types: []`; this rule also sees what plain ECMAScript offers, and that the compiler's setting is still in place.
import type { Token } from '../tokens.ts';
import type { CodeFile, Kind, Rule } from '../workspace.ts';

const TIME = 'time arrives as received.now';
const CHANCE = 'randomness comes from a seed kept in the state';
const LATER = 'a core awaits nothing: use a timer effect or a message to a port';
const WORLD = 'a core reaches the world by sending to a port';

const AMBIENT = new Map<string, string>([
  ['Date', TIME],
  ['performance', TIME],
  ['setTimeout', TIME],
  ['setInterval', TIME],
  ['setImmediate', TIME],
  ['process', WORLD],
  ['fetch', WORLD],
]);
/** Floor 0 wraps Node's deterministic functions for the cores, and a ring buffer may be waited on. */
const AMBIENT_ABOVE_FLOOR_0 = new Map<string, string>([
  ['queueMicrotask', LATER],
  ['Promise', LATER],
  ['async', LATER],
  ['await', LATER],
  ['Buffer', 'use Uint8Array, or a floor 0 function that wraps Buffer'],
  ['console', WORLD],
]);
const NODE_MODULES_OF_FLOOR_0 = new Set(['node:crypto', 'node:buffer']);
const RANDOM_MEMBERS = new Set(['random', 'randomBytes', 'randomInt', 'randomUUID', 'getRandomValues']);

function isCore(file: CodeFile, kind: Kind | undefined): boolean {
  return (
    file.area === 'packages' && file.inside.startsWith('src/') && !file.isTest && kind !== undefined && kind !== 'shell'
  );
}

/** A word that is a member (`x.await`), a key (`{ process: 1 }`) or a method name is not the ambient thing. */
function isAmbient(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]?.text;
  const after = tokens[i + 1]?.text;
  if (before === '.' || before === '?.') return tokens[i - 2]?.text === 'globalThis';
  if (after === ':') return before === '?' || before === 'case';
  return !(after === '?' && tokens[i + 2]?.text === ':');
}

export const purity: Rule = function* ({ code, tower, texts, projects }) {
  for (const file of code) {
    const storey = tower.packages[file.project];
    if (!isCore(file, storey?.kind)) continue;
    const floor0 = storey?.floor === 0;
    for (const [i, token] of file.tokens.entries()) {
      if (token.kind !== 'word') continue;
      const member = tokens(file, i - 1) === '.';
      const why = AMBIENT.get(token.text) ?? (floor0 ? undefined : AMBIENT_ABOVE_FLOOR_0.get(token.text));
      if (why !== undefined && isAmbient(file.tokens, i)) {
        yield { file: file.path, line: token.line, rule: 'pure-core', advice: `${token.text} in a core: ${why}` };
      } else if (RANDOM_MEMBERS.has(token.text) && member && /^(?:Math|crypto|globalThis)$/.test(tokens(file, i - 2))) {
        yield { file: file.path, line: token.line, rule: 'pure-core', advice: `${token.text} in a core: ${CHANCE}` };
      }
    }
    for (const { from, line } of file.imports) {
      if (from.startsWith('.') || from.startsWith('#') || /^(?:@chordial\/|sharedarraybuffer-ringbuffer)/.test(from))
        continue;
      if (floor0 && NODE_MODULES_OF_FLOOR_0.has(from)) continue;
      yield { file: file.path, line, rule: 'pure-core', advice: `'${from}' in a core: ${WORLD}` };
    }
  }
  for (const project of projects) {
    const kind = tower.packages[project.replace(/^packages\//, '')]?.kind;
    const path = `${project}/tsconfig.json`;
    if (!project.startsWith('packages/') || (kind !== 'actor' && kind !== 'contract')) continue;
    if (/"types"\s*:\s*\[\s*"/.test(texts.get(path) ?? '')) {
      yield {
        file: path,
        line: 1,
        rule: 'pure-core',
        advice: 'a package of cores compiles with no ambient types: remove "types"',
      };
    }
  }
};

function tokens(file: CodeFile, i: number): string {
  return file.tokens[i]?.text ?? '';
}
