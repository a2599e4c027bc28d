// The hasher against OpenSSL's SHA-1: every length around the end of a block, any octets, and the search by a hashed name.
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyHasher, KeyTable, ringKeyFromText } from './index.ts';

const hasher = new KeyHasher();

function keyOf(...parts: readonly (Uint8Array | number)[]): string {
  hasher.clear();
  for (const part of parts) {
    if (typeof part === 'number') hasher.addOctet(part);
    else hasher.add(part, 0, part.length);
  }
  hasher.finish();
  return hasher.key;
}

test('names of every length from 0 to 200 octets', () => {
  for (let length = 0; length <= 200; length++) {
    const octets = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    expect(keyOf(octets)).toBe(hash('sha1', octets, 'hex'));
    const within = new Uint8Array(length + 9).fill(255);
    within.set(octets, 4);
    expect(hasher.hash(within, 4, 4 + length)).toBe(true);
    expect(hasher.key).toBe(hash('sha1', octets, 'hex'));
  }
});

test('any octets in any parts (property)', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ maxLength: 80 }),
      (a, octet, b) => {
        expect(keyOf(a, octet, b)).toBe(hash('sha1', Buffer.concat([a, Uint8Array.of(octet), b]), 'hex'));
        expect(hasher.prefix).toBe(Number.parseInt(hasher.key.slice(0, 12), 16));
      },
    ),
  );
});

test('it hashes text as ringKeyFromText does', () => {
  expect(keyOf(Buffer.from('alice@example.com'))).toBe(ringKeyFromText('alice@example.com'));
});

test('texts, ASCII and not (property)', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 }), (ascii, wide) => {
      hasher.clear();
      expect(hasher.addText(ascii) && hasher.addText(wide)).toBe(true);
      hasher.finish();
      expect(hasher.key).toBe(ringKeyFromText(ascii + wide));
    }),
  );
  hasher.clear();
  expect(hasher.addText('x'.repeat(1_025))).toBe(false);
});

test('a part of an array, and a name that is too long', () => {
  hasher.clear();
  expect(hasher.add(Buffer.from('xx alice xx'), 3, 8)).toBe(true);
  hasher.finish();
  expect(hasher.key).toBe(ringKeyFromText('alice'));
  hasher.clear();
  expect(hasher.add(new Uint8Array(1_025), 0, 1_025)).toBe(false);
  expect(hasher.hash(new Uint8Array(1_025), 0, 1_025)).toBe(false);
  expect(hasher.add(new Uint8Array(1_024), 0, 1_024)).toBe(true);
  expect(hasher.addOctet(64)).toBe(false);
});

test('the owner of a hashed name is the owner of its key', () => {
  for (const count of [0, 1, 2, 7, 64, 1_000]) {
    const names = Array.from({ length: count }, (_, i) => `peer${i}`);
    const table = new KeyTable(names.map(ringKeyFromText).toSorted());
    for (const name of [...names, ...Array.from({ length: 200 }, (_, i) => `user${i}@example.com`)]) {
      keyOf(Buffer.from(name));
      expect(table.ownerIndexOf(hasher)).toBe(table.ownerIndex(ringKeyFromText(name)));
    }
  }
});
