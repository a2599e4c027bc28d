// The compiler holds a table of words to the messages: each type once, only fields that exist, never `type` itself.
// Every `@ts-expect-error` is a test: `tsc -p tsconfig.test.json` fails when the line below it compiles.
import { expect, test } from 'vitest';
import type { Address } from './address.ts';
import type { Typed, Words } from './words.ts';

interface FindSuccessor extends Typed {
  readonly type: 'find-successor';
  readonly key: string;
  readonly hops: number;
}
interface Forget extends Typed {
  readonly type: 'forget';
}
type Message = FindSuccessor | Forget;

const words: Words<Message> = { 'find-successor': [1, 'key', 'hops'], forget: [2] };
// @ts-expect-error a type without a line
export const missing: Words<Message> = { 'find-successor': [1, 'key', 'hops'] };
// @ts-expect-error a field the message does not have
export const unknownField: Words<Message> = { 'find-successor': [1, 'key', 'colour'], forget: [2] };
// @ts-expect-error the type is told by the opcode
export const typeAsField: Words<Message> = { 'find-successor': [1, 'type'], forget: [2] };
// @ts-expect-error an opcode comes first
export const noOpcode: Words<Message> = { 'find-successor': ['key', 'hops'], forget: [2] };

export const narrower = (all: Address<Message>): Address<Forget> => all;
// @ts-expect-error an actor that understands less does not stand in for one that understands more
export const wider = (one: Address<Forget>): Address<Message> => one;

test('the table is plain data, opcode first', () => {
  expect(Object.entries(words)).toEqual([
    ['find-successor', [1, 'key', 'hops']],
    ['forget', [2]],
  ]);
});
