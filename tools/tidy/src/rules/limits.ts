// A limit that nothing compares is a wish (STYLE.md, Names): every `...Max` that is declared in shipped code is used in a
// comparison, in arithmetic or as an argument somewhere in shipped code.
import type { Token } from '../tokens.ts';
import type { Rule } from '../workspace.ts';

const LIMIT = /(?:[a-z0-9]Max|_MAX)$/;
const COMPARING = new Set(['<', '>', '<=', '>=', '===', '!==', '-', '+', '*', '/', '%', '?', '??', '-=', '+=', '&']);

/** For every token, the bracket that encloses it: `(`, `[`, `{` or nothing. */
function enclosures(tokens: readonly Token[]): string[] {
  const open: string[] = [];
  return tokens.map(({ kind, text }) => {
    if (kind === 'mark' && (text === ')' || text === ']' || text === '}')) open.pop();
    const around = open.at(-1) ?? '';
    if (kind === 'mark' && (text === '(' || text === '[' || text === '{')) open.push(text);
    return around;
  });
}

/** Whether the limit at `i` is read where it limits something. */
function isApplied(tokens: readonly Token[], around: readonly string[], i: number): boolean {
  let first = i;
  while (/^\??\.$/.test(tokens[first - 1]?.text ?? '') && tokens[first - 2]?.kind === 'word') first -= 2;
  const before = tokens[first - 1]?.text ?? '';
  const after = tokens[i + 1]?.text ?? '';
  if (after === ':' && before !== '?') return false;
  if (after === '?' && tokens[i + 2]?.text === ':') return false;
  if (COMPARING.has(before) || COMPARING.has(after)) return true;
  if (around[i] === '[') return true;
  return around[i] === '(' && (before === '(' || before === ',') && (after === ')' || after === ',');
}

function isDeclared(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]?.text ?? '';
  const after = tokens[i + 1]?.text ?? '';
  if (before === 'const' || before === 'readonly') return true;
  const opensMember = before === '{' || before === ';' || before === ',';
  return opensMember && (after === ':' || (after === '?' && tokens[i + 2]?.text === ':'));
}

export const limits: Rule = function* ({ code }) {
  const declared = new Map<string, { file: string; line: number }>();
  const applied = new Set<string>();
  for (const file of code) {
    if (file.isTest || (file.area !== 'packages' && file.area !== 'apps') || !file.inside.startsWith('src/')) continue;
    const around = enclosures(file.tokens);
    for (const [i, token] of file.tokens.entries()) {
      if (token.kind !== 'word' || !LIMIT.test(token.text)) continue;
      if (isDeclared(file.tokens, i) && !declared.has(token.text)) {
        declared.set(token.text, { file: file.path, line: token.line });
      }
      if (isApplied(file.tokens, around, i)) applied.add(token.text);
    }
  }
  for (const [name, { file, line }] of declared) {
    if (applied.has(name)) continue;
    yield { file, line, rule: 'limits', advice: `${name} is never compared: enforce the limit or remove it` };
  }
};
