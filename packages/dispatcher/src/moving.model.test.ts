// Whatever peers say they own, whatever lists of members each lane has, and whatever the ring answers: every request is answered exactly
// once while hosts can be reached, and never twice when they cannot. Ranges by number agree with ranges by text.
import type { Member } from '@chordial/chord/protocol';
import { betweenRightClosed, KeyHasher, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brokenInvariant, requestText, TestHost } from './host.fixture.ts';
import { OwnedRanges } from './owned-ranges.ts';

const threads = 6;
const peers = 12;

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('request'), user: fc.nat(40), thread: fc.nat(threads - 1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('range'),
      peer: fc.nat(peers - 1),
      owns: fc.boolean(),
      from: fc.nat(peers - 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ring'),
      thread: fc.nat(threads - 1),
      without: fc.subarray([...new Array(peers).keys()]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('says'), peer: fc.nat(peers) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), host: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause'), ms: fc.nat(400) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Answers by branch, after the operations and time enough for everything that waits. */
function run(operations: readonly Operation[], settles: boolean, cuts: boolean): { host: TestHost; counts: number[] } {
  const host = new TestHost({ hostsCount: 3, lanesCount: 2, peersPerLane: 2, dispatcher: { hopsMax: 24 } });
  let epoch = 10;
  let requests = 0;
  for (const one of operations) {
    if ('user' in one) {
      const branch = `z9hG4bK-${requests++}.`;
      host.receive(requestText({ user: `user${one.user}`, branch }), '192.0.2.4:40000', one.thread);
    } else if ('from' in one) {
      const { key: from } = host.members[one.from]!;
      host.tellRange({ type: 'range-changed', self: host.members[one.peer]!, owns: one.owns, from, epoch: epoch++ });
    } else if ('without' in one) {
      const members = host.members.filter((_, i) => !one.without.includes(i));
      const front = host.lanes[one.thread]!.dispatcher as Parameters<TestHost['send']>[1];
      host.send(one.thread, front, { type: 'ring-changed', epoch: epoch++, members } as never);
    } else if ('ms' in one) host.advance(one.ms);
    else if ('host' in one) {
      if (cuts && !host.hostsDown.delete(one.host)) host.hostsDown.add(one.host);
    } else host.ringSays = () => host.members[one.peer];
    if (settles) host.settle();
  }
  host.settle();
  host.advance(30_000);
  const counts = Array.from(
    { length: requests },
    (_, i) => host.datagrams.filter(({ text }) => text.includes(`branch=z9hG4bK-${i}.;`)).length,
  );
  return { host, counts };
}

const served = (host: TestHost, i: number): number =>
  host.served.filter(({ request: { bytes, start, end } }) =>
    Buffer.from(bytes.subarray(start, end)).toString('latin1').includes(`branch=z9hG4bK-${i}.;`),
  ).length;

test('each request is answered exactly once', () => {
  const property = fc.property(fc.array(operation, { maxLength: 60 }), fc.boolean(), (operations, settles) => {
    const { host, counts } = run(operations, settles, false);
    expect(counts.filter((count) => count !== 1)).toEqual([]);
    for (let i = 0; i < counts.length; i++) expect(served(host, i)).toBeLessThanOrEqual(1);
    for (let thread = 0; thread < threads; thread++) {
      const { lookups, resting } = host.dispatcherState(thread);
      expect([lookups.count, lookups.bytesCount, resting.count, resting.bytesCount]).toEqual([0, 0, 0, 0]);
    }
    expect(brokenInvariant(host)).toBeUndefined();
  });
  fc.assert(property, { numRuns: 150 });
});

test('no request is answered twice, whichever hosts are cut off and come back', () => {
  const property = fc.property(fc.array(operation, { maxLength: 60 }), fc.boolean(), (operations, settles) => {
    const { host, counts } = run(operations, settles, true);
    expect(counts.filter((count) => count > 1)).toEqual([]);
    for (let i = 0; i < counts.length; i++) expect(served(host, i)).toBeLessThanOrEqual(1);
  });
  fc.assert(property, { numRuns: 150 });
});

test('a hashed name finds the owner that comparing keys finds', () => {
  const hasher = new KeyHasher();
  const keys = Array.from({ length: 40 }, (_, i) => ringKeyFromText(`place ${i}`));
  const place = fc.nat(keys.length - 1);
  const property = fc.property(
    fc.uniqueArray(fc.record({ key: place, from: place, owns: fc.boolean() }), { selector: ({ key }) => key }),
    fc.nat(1_000),
    (said, user) => {
      const ranges = new OwnedRanges();
      said.forEach(({ key, from, owns }, i) => {
        const self: Member = { key: keys[key]!, host: 0, lane: 0, chord: (100 + i) as Member['chord'], life: 1 };
        ranges.change({ type: 'range-changed', self, owns, from: keys[from]!, epoch: 1 });
      });
      const key = ringKeyFromText(`user${user}`);
      const owners = said.filter(({ owns }) => owns).toSorted((a, b) => (keys[a.key]! < keys[b.key]! ? -1 : 1));
      const first = owners.find((one) => keys[one.key]! >= key) ?? owners[0];
      const isOwned = first !== undefined && betweenRightClosed(keys[first.from]!, key, keys[first.key]!);
      hasher.clear();
      hasher.addText(`user${user}`);
      hasher.finish();
      expect(ranges.ownerOfHashed(hasher)?.range.self.key).toBe(isOwned ? keys[first.key] : undefined);
      expect(ranges.ownerOf(key)).toBe(ranges.ownerOfHashed(hasher));
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});
