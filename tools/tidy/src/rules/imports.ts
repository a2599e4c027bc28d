// Who may import whom (DESIGN section 2): strictly down the tower, only words of other actors, never a shell from a core.
import type { CodeFile, Finding, Rule, Tower } from '../workspace.ts';

const WORKSPACE_ONLY = /^(?:@chordial\/([a-z-]+)|(sharedarraybuffer-ringbuffer))(?:\/(.+))?$/;

/** The workspace package and the entry (`` for the index) that a module name means. */
function packageOf(from: string): { name: string; entry: string } | undefined {
  const match = WORKSPACE_ONLY.exec(from);
  const name = match?.[1] ?? match?.[2];
  return match === null || name === undefined ? undefined : { name, entry: match[3] ?? '' };
}

function isShipped(file: CodeFile): boolean {
  return file.area === 'packages' && file.inside.startsWith('src/') && !file.isTest;
}

function adviceFor(tower: Tower, importer: string, name: string, entry: string): [rule: string, advice: string][] {
  const own = tower.packages[importer];
  const other = tower.packages[name];
  if (own === undefined || name === importer) return [];
  if (other === undefined) return [['floors', `${name} has no floor: give it one in tools/tidy/tower.json`]];
  const found: [string, string][] = [];
  if (other.kind === 'shell') {
    found.push(['no-shell', `a package never imports a shell (${name}): take an Address or a config value instead`]);
  } else if (other.floor >= own.floor) {
    const advice = `${importer} (floor ${own.floor}) imports ${name} (floor ${other.floor}): imports go strictly down`;
    found.push(['floors', `${advice}; receive an Address in config for upward traffic`]);
  }
  if (other.kind === 'actor' && entry !== 'protocol') {
    found.push([
      'protocol-only',
      `import the words of ${name} from its /protocol; only apps, tools and tests import more`,
    ]);
  }
  return found;
}

export const imports: Rule = function* ({ code, tower }) {
  for (const file of code) {
    for (const { from, line } of file.imports) {
      const finding = (rule: string, advice: string): Finding => ({ file: file.path, line, rule, advice });
      if (/^\.\.?\//.test(from) && !/\.(?:ts|json|js)$/.test(from)) {
        yield finding('explicit-extension', `'${from}' has no extension: write the file's name with .ts`);
      }
      if (file.path.endsWith('.ts') && /^\.\.?\/(?!.*dist\/).*\.js$/.test(from)) {
        yield finding('explicit-extension', `'${from}' names a built file: import the .ts source`);
      }
      if (/^\.\.\/(?:\.\.\/)*(?:packages|apps)\//.test(from)) {
        yield finding('floors', `'${from}' reaches into another project by path: import it by name`);
      }
      const target = packageOf(from);
      if (!isShipped(file) || target === undefined) continue;
      for (const [rule, advice] of adviceFor(tower, file.project, target.name, target.entry))
        yield finding(rule, advice);
    }
  }
};
