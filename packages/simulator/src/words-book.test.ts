// What may cross lanes: only what is listed, only plain data, and as a copy.
import type { Typed } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { poison, WordsBook } from './words-book.ts';

function bookOf(...fields: string[]): WordsBook {
  const book = new WordsBook();
  book.register({ note: [1, ...fields] });
  return book;
}
const note = (fields: object): Typed => ({ type: 'note', ...fields });

describe('crossing lanes', () => {
  it('copies, so that nothing is shared', () => {
    const message = note({ list: [1, { deep: [2] }] });
    const { message: copy } = bookOf('list').cross(message);
    expect(copy).toEqual(message);
    expect((copy as unknown as { list: unknown[] }).list[1]).not.toBe(
      (message as unknown as { list: unknown[] }).list[1],
    );
  });

  it('lends a byte view within a larger, poisoned array', () => {
    const { message, lent } = bookOf('bytes', 'start', 'end').cross(
      note({ bytes: new Uint8Array([1, 2, 3, 4]), start: 1, end: 3 }),
    );
    const { bytes, start, end } = message as unknown as { bytes: Uint8Array; start: number; end: number };
    expect([...bytes.subarray(start, end)]).toEqual([2, 3]);
    expect(start).toBeGreaterThan(0);
    expect([bytes[0], bytes.at(-1)]).toEqual([poison, poison]);
    expect(lent).toEqual([bytes]);
  });

  it.each([
    ['a type without words', { type: 'letter' }, "'letter' crosses lanes"],
    ['a field that is not listed', note({ a: 1, secret: 2 }), "field 'secret' of 'note'"],
    ['a function', note({ a: () => {} }), 'without a function'],
    ['a Map', note({ a: new Map() }), 'without a Map'],
    ['a Date', note({ a: [new Date(0)] }), 'without a Date'],
    ['a symbol', note({ a: Symbol('x') }), 'without a symbol'],
    ['an integer of more than 64 bits', note({ a: 2n ** 63n }), 'fit 64 bits'],
  ])('refuses %s', (_, message, sentence) => {
    expect(() => bookOf('a').cross(message)).toThrow(sentence);
  });

  it('refuses what has no end', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => bookOf('a').cross(note({ a: endless }))).toThrow('levels deep');
  });

  it('refuses a view that leaves its array', () => {
    const message = note({ bytes: new Uint8Array(2), start: 1, end: 3 });
    expect(() => bookOf('bytes', 'start', 'end').cross(message)).toThrow('valid byte view');
  });

  it('refuses words that contradict each other', () => {
    expect(() => bookOf('a').register({ note: [1, 'b'] })).toThrow('same fields');
    expect(() => new WordsBook().register({ one: [1], two: [1] })).toThrow('used once');
    expect(() => new WordsBook().register({ one: [0] })).toThrow('within 1..255');
  });
});
