// The TypeScript we write (STYLE.md, TypeScript): erasable syntax, no `any`, no `export *`, and regular expressions that
// cannot take more than linear time.
import type { Token } from '../tokens.ts';
import type { CodeFile, Finding, Rule } from '../workspace.ts';

/** True when a group that can repeat without bound holds something that can, as in `(a+)*`. */
export function hasNestedQuantifiers(pattern: string): boolean {
  /** For every open group: whether something unbounded was seen in it. */
  const groups: boolean[] = [false];
  let inClass = false;
  let closed: boolean | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    const unbounded = !inClass && (char === '*' || char === '+' || /^\{\d*,\}/.test(pattern.slice(at, at + 12)));
    if (unbounded) {
      if (closed === true) return true;
      groups[groups.length - 1] = true;
    }
    const before = closed;
    closed = undefined;
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (!inClass && char === '(') groups.push(false);
    else if (!inClass && char === ')' && groups.length > 1) {
      closed = groups.pop() ?? false;
      if (closed) groups[groups.length - 1] = true;
    } else if (char === '?' && before !== undefined) closed = undefined;
  }
  return false;
}

const BEFORE_TYPE = new Set([':', '<', ',', '|', '&', '=', '=>', 'as', '[', '(', 'keyof', 'extends']);
const AFTER_NAME = new Set([':', '(', '.', '?.', '=', '?']);
const ACCESS = new Set(['public', 'private', 'protected', 'readonly']);

function syntaxOf(tokens: readonly Token[], i: number): [rule: string, advice: string] | undefined {
  const token = tokens[i] as Token;
  const before = tokens[i - 1]?.text ?? '';
  const after = tokens[i + 1];
  const isMember = before === '.' || before === '?.';
  if (token.kind === 'mark') {
    const isDecorator = token.text === '@' && after?.kind === 'word';
    return isDecorator ? ['erasable', `@${after.text}: no decorators`] : undefined;
  }
  if (token.kind === 'regex') {
    const advice = `/${token.text}/ has nested quantifiers: read by hand or make the inner part bounded`;
    return hasNestedQuantifiers(token.text) ? ['linear-regex', advice] : undefined;
  }
  if (token.kind === 'string') {
    const called = before === '(' && tokens[i - 2]?.text === 'RegExp';
    const nested = called && hasNestedQuantifiers(token.text.replaceAll('\\\\', '\\'));
    return nested ? ['linear-regex', 'this RegExp has nested quantifiers'] : undefined;
  }
  if (token.kind !== 'word' || isMember) return undefined;
  if (token.text === 'export' && after?.text === '*') return ['no-export-star', 'name what is exported'];
  const declares = after?.kind === 'word' && tokens[i + 2]?.text === '{';
  if (token.text === 'enum' && declares) return ['erasable', 'no enum: use a union of literals'];
  if ((token.text === 'namespace' || token.text === 'module') && declares)
    return ['erasable', 'no namespace: use a module'];
  if (token.text === 'any' && BEFORE_TYPE.has(before) && !AFTER_NAME.has(after?.text ?? '')) {
    return ['no-any', 'no any: use unknown, or the type that it is'];
  }
  return undefined;
}

/** Lines of `constructor(private x)`. */
function* parameterProperties(file: CodeFile): Generator<Finding> {
  for (const [i, token] of file.tokens.entries()) {
    if (token.text !== 'constructor' || file.tokens[i + 1]?.text !== '(') continue;
    let depth = 1;
    for (let at = i + 2; depth > 0 && at < file.tokens.length; at++) {
      const { text, line } = file.tokens[at] as Token;
      if (text === '(' || text === '{') depth += 1;
      if (text === ')' || text === '}') depth -= 1;
      const opens = file.tokens[at - 1]?.text === '(' || file.tokens[at - 1]?.text === ',';
      if (depth !== 1 || !opens || !ACCESS.has(text) || file.tokens[at + 1]?.kind !== 'word') continue;
      yield { file: file.path, line, rule: 'erasable', advice: 'no parameter property: declare a field and assign it' };
    }
  }
}

export const syntax: Rule = function* ({ code }) {
  for (const file of code) {
    if (!file.path.endsWith('.ts')) continue;
    for (const [i, token] of file.tokens.entries()) {
      const found = syntaxOf(file.tokens, i);
      if (found !== undefined) yield { file: file.path, line: token.line, rule: found[0], advice: found[1] };
    }
    yield* parameterProperties(file);
  }
};
