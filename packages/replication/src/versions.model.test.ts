// Versions against causal histories written out: each write is an event, a copy is the set of events that it has seen and the values that it holds.
import { ringKeyFromText } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareVersions, contextOf, copyFault, mergedCopy, siblingsOf, withRemoval, withWrite } from './versions.ts';

const named = { table: 1, key: ringKeyFromText('alice'), name: 'alice' };
const ttlMs = 1_000_000;

interface Model {
  readonly seen: ReadonlySet<number>;
  readonly held: ReadonlySet<number>;
}
const nothing: Model = { seen: new Set(), held: new Set() };

function mergedModel(a: Model, b: Model): Model {
  const survives = (event: number) =>
    (a.held.has(event) || !a.seen.has(event)) && (b.held.has(event) || !b.seen.has(event));
  return { seen: a.seen.union(b.seen), held: new Set([...a.held.union(b.held)].filter(survives)) };
}

interface Place {
  record: StoredRecord | undefined;
  model: Model;
}
const merged = (a: StoredRecord | undefined, b: StoredRecord | undefined) =>
  a === undefined ? b : b === undefined ? a : mergedCopy(a, b);
const valuesOf = (record: StoredRecord | undefined) =>
  (record === undefined ? [] : siblingsOf(record)).map(({ value }) => Number(value)).sort((a, b) => a - b);

/** How long a copy itself lives, which is said in its value, depends on what it met. */
const pictureOf = (record: StoredRecord) => [record.version, siblingsOf(record).map(({ value }) => value)];

type Deed =
  | { readonly what: 'write' | 'remove' | 'write-unread'; readonly at: number; readonly siteBit: number }
  | { readonly what: 'send'; readonly at: number; readonly to: number }
  | { readonly what: 'read'; readonly at: number };

const replicas = 3;
const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    what: fc.constantFrom('write' as const, 'write' as const, 'remove' as const, 'write-unread' as const),
    at: fc.nat(replicas - 1),
    siteBit: fc.nat(1),
  }),
  fc.record({ what: fc.constant('send' as const), at: fc.nat(replicas - 1), to: fc.nat(replicas - 1) }),
  fc.record({ what: fc.constant('read' as const), at: fc.nat(replicas - 1) }),
);

/** Plays deeds on three replicas, each with two coordinators, and returns every copy that there ever was. */
function play(deeds: readonly Deed[]): Place[] {
  const places: Place[] = Array.from({ length: replicas }, () => ({ record: undefined, model: nothing }));
  const history: Place[] = [];
  let clock = 1_700_000_000_000_000;
  let context = '';
  let contextModel = new Set<number>() as ReadonlySet<number>;
  let event = 0;
  for (const deed of deeds) {
    const place = places[deed.at]!;
    if (deed.what === 'read') {
      context = place.record === undefined ? '' : contextOf(place.record.version);
      contextModel = place.model.seen;
    } else if (deed.what === 'send') {
      const to = places[deed.to]!;
      to.record = merged(to.record, place.record);
      to.model = mergedModel(to.model, place.model);
    } else if (deed.what === 'remove') {
      place.record = withRemoval(place.record, named, context, ttlMs);
      place.model = mergedModel(place.model, { seen: contextModel, held: new Set() });
    } else {
      event++;
      const isUnread = deed.what === 'write-unread';
      const dot = { site: deed.at * 16 + deed.siteBit, counter: clock++ };
      place.record = withWrite(place.record, named, isUnread ? '' : context, dot, String(event), ttlMs);
      const seen = new Set(isUnread ? [] : contextModel).add(event);
      place.model = mergedModel(place.model, { seen, held: new Set([event]) });
    }
    history.push({ ...place });
    for (const { record, model } of places) {
      expect(valuesOf(record)).toEqual([...model.held].sort((a, b) => a - b));
      if (record !== undefined) expect(copyFault(record)).toBe('');
    }
  }
  return history;
}
const someDeeds = fc.array(anyDeed, { maxLength: 30 });

it('no concurrent write is lost, a superseded one is gone, and nothing comes back after it was removed', () => {
  fc.assert(
    fc.property(someDeeds, (deeds) => {
      play(deeds);
    }),
    { numRuns: 500 },
  );
});

it('merging is commutative, associative and idempotent, and equal versions mean equal values', () => {
  fc.assert(
    fc.property(someDeeds, fc.nat(), fc.nat(), fc.nat(), (deeds, i, j, k) => {
      const history = play(deeds).filter(({ record }) => record !== undefined);
      fc.pre(history.length > 0);
      const [a, b, c] = [i, j, k].map((n) => history[n % history.length]!.record!) as [
        StoredRecord,
        StoredRecord,
        StoredRecord,
      ];
      const all = mergedCopy(mergedCopy(a, b), c);
      expect(mergedCopy(a, a)).toBe(a);
      expect(pictureOf(mergedCopy(b, a))).toEqual(pictureOf(mergedCopy(a, b)));
      expect(pictureOf(mergedCopy(a, mergedCopy(b, c)))).toEqual(pictureOf(all));
      expect(mergedCopy(all, a)).toBe(all);
      expect(mergedCopy(a, all)).toBe(a.version === all.version ? a : all);
      const byVersion = new Map<string, unknown>();
      for (const { record } of history) {
        expect(pictureOf(record!)).toEqual(byVersion.get(record!.version) ?? pictureOf(record!));
        byVersion.set(record!.version, pictureOf(record!));
      }
    }),
    { numRuns: 500 },
  );
});

it('the order of two versions is that of their histories', () => {
  fc.assert(
    fc.property(someDeeds, fc.nat(), fc.nat(), (deeds, i, j) => {
      const history = play(deeds).filter(({ record }) => record !== undefined);
      fc.pre(history.length > 0);
      const [a, b] = [history[i % history.length]!, history[j % history.length]!];
      const order = compareVersions(a.record!.version, b.record!.version);
      const all = mergedCopy(a.record!, b.record!).version;
      const isAll = (version: string) => version === all;
      if (order === 'same') expect(a.record!.version).toBe(b.record!.version);
      else if (order === 'covers') expect([isAll(a.record!.version), isAll(b.record!.version)]).toEqual([true, false]);
      else if (order === 'covered') expect([isAll(a.record!.version), isAll(b.record!.version)]).toEqual([false, true]);
      else expect([isAll(a.record!.version), isAll(b.record!.version)]).toEqual([false, false]);
    }),
    { numRuns: 500 },
  );
});

it('copies that a coordinator sends without knowing what is there make the same, in any order, as often as they like', () => {
  const anyWrite = fc.record({ site: fc.nat(3), isUnread: fc.boolean(), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(anyWrite, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (writes, order) => {
      let all: StoredRecord | undefined;
      let model = nothing;
      const sent: StoredRecord[] = [];
      writes.forEach(({ site, isUnread, isRemoval }, event) => {
        const context = isUnread || all === undefined ? '' : contextOf(all.version);
        const seen = new Set(context === '' ? [] : model.seen);
        const copy = isRemoval
          ? withRemoval(undefined, named, context, ttlMs)
          : withWrite(undefined, named, context, { site, counter: event + 1 }, String(event), ttlMs);
        sent.push(copy);
        model = mergedModel(
          model,
          isRemoval ? { seen, held: new Set() } : { seen: seen.add(event), held: new Set([event]) },
        );
        all = merged(all, copy);
      });
      expect(valuesOf(all)).toEqual([...model.held].sort((a, b) => a - b));
      let other: StoredRecord | undefined;
      for (const i of order) other = merged(other, sent[i % Math.max(sent.length, 1)]);
      for (const copy of sent.toReversed()) other = merged(other, copy);
      expect(other === undefined ? undefined : pictureOf(other)).toEqual(
        all === undefined ? undefined : pictureOf(all),
      );
    }),
    { numRuns: 500 },
  );
});

it('nothing that comes from outside makes it throw', () => {
  const odd = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9a-z.,|]{0,40}$/),
    fc.constantFrom('1.5|1.7', '|1.2,2.2', '|', '1.5|'),
  );
  const values = fc.oneof(
    fc.string(),
    fc.json().map((json) => `\u0001${json}`),
  );
  fc.assert(
    fc.property(odd, odd, values, values, fc.nat(), (a, b, x, y, ttl) => {
      const one: StoredRecord = { ...named, version: a, value: x, ttlMs: ttl };
      const other: StoredRecord = { ...named, version: b, value: y, ttlMs: ttl };
      const both = mergedCopy(one, other);
      if (copyFault(one) === '' && copyFault(other) === '') expect(copyFault(both)).toBe('');
      siblingsOf(one);
      withWrite(one, named, a, { site: 1, counter: 1 }, x, ttl);
      withRemoval(one, named, b, ttl);
      expect(compareVersions(a, b) === 'same').toBe(a === b);
    }),
    { numRuns: 2_000 },
  );
});
