// The names that a file exports, from its tokens.
import type { Token } from './tokens.ts';

export interface ExportedName {
  readonly name: string;
  readonly line: number;
}

const DECLARING = new Set([
  'const',
  'let',
  'var',
  'function',
  'class',
  'interface',
  'type',
  'abstract',
  'async',
  'declare',
]);

/** Names in `export { a, b as c } from`, and of `export const a`, `export function* b`, `export type C`. */
export function exportedNames(tokens: readonly Token[]): ExportedName[] {
  const found: ExportedName[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.text !== 'export' || token.kind !== 'word') continue;
    let at = i + 1;
    if (tokens[at]?.text === 'type' && tokens[at + 1]?.text === '{') at += 1;
    if (tokens[at]?.text === '{') {
      for (at += 1; at < tokens.length && tokens[at]?.text !== '}'; at++) {
        const name = tokens[at];
        const after = tokens[at + 1]?.text;
        if (name?.kind === 'word' && (after === ',' || after === '}')) found.push({ name: name.text, line: name.line });
      }
      continue;
    }
    if (!DECLARING.has(tokens[at]?.text ?? '')) continue;
    while (DECLARING.has(tokens[at]?.text ?? '') || tokens[at]?.text === '*') at += 1;
    const name = tokens[at];
    if (name?.kind === 'word') found.push({ name: name.text, line: name.line });
  }
  return found;
}
