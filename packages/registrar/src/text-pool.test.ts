// One copy per text, whatever else falls on the same place.
import { expect, it } from 'vitest';
import { TextPool } from './text-pool.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

it('gives the text of the octets, and of no others', () => {
  const pool = new TextPool(2);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 50; i++) {
      const bytes = bytesOf(`xxPhone/${i}yy`);
      expect(pool.textAt(bytes, 2, bytes.length - 2)).toBe(`Phone/${i}`);
    }
  }
});

it('writes what is not printable ASCII as ?, so that a text is safe to show', () => {
  const pool = new TextPool(2);
  const bytes = bytesOf('a\r\nb\u00e9');
  for (let round = 0; round < 2; round++) expect(pool.textAt(bytes, 0, bytes.length)).toBe('a??b??');
  expect(pool.textAt(bytes, 3, 3)).toBe('');
});
