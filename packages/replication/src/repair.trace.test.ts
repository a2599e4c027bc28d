// The golden conversation of a repair: what two hosts say to each other, and what they ask their stores, until a range is the same with both.
import type { Typed } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import { expect, it } from 'vitest';
import { copiesOf, copyOf } from './copies.fixture.ts';
import type { RangePiece, ReplicaMessage } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';

const piece = ([from, to, , , count]: RangePiece): string => `(${from.slice(0, 5)} ${to.slice(0, 5)}] of ${count}`;
const names = (records: readonly StoredRecord[]): string => records.map(({ name }) => name).join(' ');

function said(message: Typed): string {
  const words = message as ReplicaMessage;
  switch (words.type) {
    case 'compare-pieces':
      return words.pieces.map(piece).join(', ');
    case 'pieces-compared': {
      const listings = words.listings.map(
        ([from, to, listed]) => `(${from.slice(0, 5)} ${to.slice(0, 5)}] lists ${listed.length}`,
      );
      return [...words.pieces.map(piece), ...listings].join(', ') || 'the same';
    }
    case 'fetch-copies':
      return `${words.names.length} names`;
    case 'copies-fetched':
    case 'store-copies':
      return names(words.records);
    case 'copies-stored':
      return words.trouble || 'kept';
    default:
      return '';
  }
}

function conversation(world: ReplicaWorld, start: () => void): string {
  world.log = [];
  start();
  world.runUntil(() => world.take('range-repaired').length > 0);
  return world.log.map(({ from, to, message }) => `${from} > ${to}  ${message.type}  ${said(message)}`).join('\n');
}

function put(world: ReplicaWorld, host: number, records: readonly StoredRecord[]): void {
  for (const record of records)
    world.tell(host, { type: 'store-copy', ...record, hintFor: 0, replyTo: world.client, correlation: 1 });
  world.run(50);
}

it('few records: one listing is compared, what is newer is fetched or sent, what is concurrent is merged and sent', () => {
  const world = new ReplicaWorld(2);
  world.run(100);
  const [old, base] = [copyOf('old', 1), copyOf('base', 1)];
  put(world, 1, [copyOf('old', 2, old), base, copyOf('both', 5), copyOf('only-1', 1), copyOf('same', 9)]);
  put(world, 2, [old, copyOf('base', 2, base), copyOf('both', 6), copyOf('only-2', 1), copyOf('same', 9)]);
  world.take();
  expect(conversation(world, () => world.repair(1, [2]))).toMatchInlineSnapshot(`
    "1 > 2  compare-pieces  (fffff fffff] of 5
    2 > 1  pieces-compared  (fffff fffff] lists 5
    1 > 2  fetch-copies  3 names
    1 > 2  store-copies  old only-1
    2 > 1  copies-fetched  base only-2 both
    2 > 1  copies-stored  kept
    1 > 2  store-copies  both
    2 > 1  copies-stored  kept"
  `);
  expect(conversation(world, () => world.repair(2, [1]))).toMatchInlineSnapshot(`
    "2 > 1  compare-pieces  (fffff fffff] of 6
    1 > 2  pieces-compared  the same
    2 > 1  range-repaired  "
  `);
});

it('many records: pieces are cut until what differs is in a few buckets', () => {
  const world = new ReplicaWorld(2);
  world.run(100);
  for (const host of [1, 2]) put(world, host, copiesOf('a', 3_000));
  put(world, 2, [copyOf('a5', 2, copyOf('a5', 1))]);
  world.take();
  const heard = world.store(1).heard.length;
  expect(conversation(world, () => world.repair(1, [2]))).toMatchInlineSnapshot(`
    "1 > 2  compare-pieces  (fffff fffff] of 3000
    2 > 1  pieces-compared  (fffff 0ffff] of 202, (0ffff 1ffff] of 199, (1ffff 2ffff] of 192, (2ffff 3ffff] of 175, (3ffff 4ffff] of 208, (4ffff 5ffff] of 176, (5ffff 6ffff] of 176, (6ffff 7ffff] of 180, (7ffff 8ffff] of 201, (8ffff 9ffff] of 193, (9ffff affff] of 193, (affff bffff] of 171, (bffff cffff] of 187, (cffff dffff] of 162, (dffff effff] of 187, (effff fffff] of 198
    1 > 2  compare-pieces  (fffff 0ffff] of 202
    2 > 1  pieces-compared  (fffff 00fff] of 13, (00fff 01fff] of 16, (01fff 02fff] of 9, (02fff 03fff] of 7, (03fff 04fff] of 10, (04fff 05fff] of 13, (05fff 06fff] of 16, (06fff 07fff] of 16, (07fff 08fff] of 13, (08fff 09fff] of 14, (09fff 0afff] of 12, (0afff 0bfff] of 9, (0bfff 0cfff] of 9, (0cfff 0dfff] of 15, (0dfff 0efff] of 16, (0efff 0ffff] of 14
    1 > 2  compare-pieces  (0dfff 0efff] of 16
    2 > 1  pieces-compared  (0dfff 0efff] lists 16
    1 > 2  fetch-copies  1 names
    2 > 1  copies-fetched  a5"
  `);
  expect(world.store(1).heard.slice(heard)).toMatchInlineSnapshot(`
    [
      "scan-range",
      "write-record",
    ]
  `);
});

it('part of a bucket: it is read and its digest is compared', () => {
  const world = new ReplicaWorld(2);
  world.run(100);
  for (const host of [1, 2]) put(world, host, copiesOf('a', 100));
  const [from, to] = [copyOf('a1', 1).key, copyOf('a2', 1).key];
  const within = parseRingKey(to.slice(0, 4) + '0'.repeat(36))!;
  put(world, 1, [{ ...copyOf('new', 1), key: within }]);
  world.take();
  expect(conversation(world, () => world.repair(1, [2], { from, to }))).toMatchInlineSnapshot(`
    "1 > 2  compare-pieces  (fffff b9f7f] of 79, (f29bf fffff] of 2
    1 > 2  compare-pieces  (b9f7f b9f85] of 2
    1 > 2  compare-pieces  (f29bc f29bf] of 0
    2 > 1  pieces-compared  the same
    2 > 1  pieces-compared  (b9f7f b9f85] lists 1
    2 > 1  pieces-compared  the same
    1 > 2  store-copies  new
    2 > 1  copies-stored  kept"
  `);
});
