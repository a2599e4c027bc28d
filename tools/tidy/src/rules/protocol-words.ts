// Reads a package's `protocol.ts`: the message types it declares, and the unions that say who receives them.
import type { Token } from '../tokens.ts';

export interface MessageWord {
  /** The literal, such as `find-successor`. */
  readonly type: string;
  /** The interface or type alias that declares it. */
  readonly declared: string;
  readonly line: number;
  /** True when it is a member of a union of requests: its package must handle it. */
  readonly received: boolean;
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

/** `name` and, where it is a union, everything it is made of. */
export function membersOf(tokens: readonly Token[], names: readonly string[]): Set<string> {
  const bodies = new Map(declarationsOf(tokens).map(({ name, body }) => [name, body]));
  const seen = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const body = bodies.get(name);
    if (body?.[0]?.text !== '=') continue;
    for (const token of body) if (token.kind === 'word') open.push(token.text);
  }
  return seen;
}

export function messageWords(tokens: readonly Token[]): MessageWord[] {
  const declarations = declarationsOf(tokens);
  const unions = declarations.filter(({ name, body }) => RECEIVED_UNION.test(name) && body[0]?.text === '=');
  const receivedNames = membersOf(
    tokens,
    unions.map(({ name }) => name),
  );
  const words: MessageWord[] = [];
  for (const { name, body } of declarations) {
    for (const [i, token] of body.entries()) {
      if (token.kind !== 'string' || body[i - 1]?.text !== ':' || body[i - 2]?.text !== 'type') continue;
      words.push({ type: token.text, declared: name, line: token.line, received: receivedNames.has(name) });
    }
  }
  return words;
}

export interface OpcodeEntry {
  readonly type: string;
  readonly opcode: number;
  readonly line: number;
}

export interface OpcodeTable {
  /** The names in `Words<A | B>`. */
  readonly of: readonly string[];
  readonly entries: readonly OpcodeEntry[];
}

/** Tables typed as `Words<...>` with their entries `'find-successor': [12, ...]`. */
export function opcodeTables(tokens: readonly Token[]): OpcodeTable[] {
  const tables: { of: string[]; entries: OpcodeEntry[] }[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.text === 'Words' && tokens[i + 1]?.text === '<') {
      const of: string[] = [];
      for (let at = i + 2; at < tokens.length && tokens[at]?.text !== '>'; at++) {
        if (tokens[at]?.kind === 'word') of.push(tokens[at]?.text ?? '');
      }
      tables.push({ of, entries: [] });
    }
    const opcode = tokens[i + 3];
    if (token.kind !== 'string' && token.kind !== 'word') continue;
    if (tokens[i + 1]?.text !== ':' || tokens[i + 2]?.text !== '[' || opcode?.kind !== 'number') continue;
    tables.at(-1)?.entries.push({ type: token.text, opcode: Number(opcode.text), line: token.line });
  }
  return tables.filter(({ entries }) => entries.length > 0);
}
