// Reads a package's `protocol.ts`: the message types it declares, and the unions that say who receives them.
import type { Token } from '../tokens.ts';

export interface MessageWord {
  /** The literal, such as `find-successor`. */
  readonly type: string;
  /** The interface or type alias that declares it. */
  readonly declared: string;
  readonly line: number;
  /** True when it is a member of a union of requests: its package must handle it. */
  received: boolean;
}

/** `timer-h-due` is `TimerHDue`. */
export function pascalCase(type: string): string {
  return type
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

interface Declaration {
  readonly name: string;
  readonly body: readonly Token[];
}

/** Splits exported interfaces and type aliases out of a file, each with the tokens up to its end. */
function declarationsOf(tokens: readonly Token[]): Declaration[] {
  const found: Declaration[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const isDeclaration = tokens[i]?.text === 'export' && /^(?:interface|type)$/.test(tokens[i + 1]?.text ?? '');
    const name = tokens[i + 2];
    if (!isDeclaration || name?.kind !== 'word') continue;
    const isAlias = tokens[i + 1]?.text === 'type';
    let depth = 0;
    let end = i + 3;
    for (; end < tokens.length; end++) {
      const text = tokens[end]?.text;
      const isMark = tokens[end]?.kind === 'mark';
      if (isMark && text === '{') depth += 1;
      if (isMark && text === '}' && --depth === 0 && !isAlias) break;
      if (isMark && text === ';' && depth === 0) break;
    }
    found.push({ name: name.text, body: tokens.slice(i + 3, end) });
    i = end;
  }
  return found;
}

const RECEIVED_UNION = /(?:Message|Request|Command)s?$/;

export function messageWords(tokens: readonly Token[]): MessageWord[] {
  const declarations = declarationsOf(tokens);
  const byName = new Map(declarations.map((declaration) => [declaration.name, declaration]));
  const words = new Map<string, MessageWord>();
  for (const { name, body } of declarations) {
    for (const [i, token] of body.entries()) {
      if (token.kind !== 'string' || body[i - 1]?.text !== ':' || body[i - 2]?.text !== 'type') continue;
      words.set(`${name} ${token.text}`, { type: token.text, declared: name, line: token.line, received: false });
    }
  }
  const markReceived = (name: string, seen: Set<string>) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const word of words.values()) if (word.declared === name) word.received = true;
    const body = byName.get(name)?.body ?? [];
    if (body[0]?.text !== '=') return;
    for (const token of body) if (token.kind === 'word') markReceived(token.text, seen);
  };
  for (const { name, body } of declarations) {
    if (RECEIVED_UNION.test(name) && body[0]?.text === '=') markReceived(name, new Set());
  }
  return [...words.values()];
}

/** Entries `'find-successor': [12, ...]` of tables typed as `Words<...>`. */
export function opcodesOf(tokens: readonly Token[]): { type: string; opcode: number; line: number; table: number }[] {
  const found: { type: string; opcode: number; line: number; table: number }[] = [];
  if (!tokens.some((token, i) => token.text === 'Words' && tokens[i + 1]?.text === '<')) return found;
  let table = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.text === 'Words' && tokens[i + 1]?.text === '<') table += 1;
    const opcode = tokens[i + 3];
    if (token.kind !== 'string' && token.kind !== 'word') continue;
    if (tokens[i + 1]?.text !== ':' || tokens[i + 2]?.text !== '[' || opcode?.kind !== 'number') continue;
    found.push({ type: token.text, opcode: Number(opcode.text), line: token.line, table });
  }
  return found;
}
