// The merge of a user's values is a join: in any order, in any grouping, as often as one likes, and at any later time it gives the same
// text. What is written is what is read, as long as it lives.
import type { MergeSiblings } from '@chordial/replication';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Binding } from './protocol.ts';
import { charactersOf, liveBindings } from './record.ts';
import {
  bindingsOf,
  boundedBindings,
  mergeBindings,
  mergedValue,
  recordValueOf,
  type TimedValue,
} from './record-value.ts';

const now = 1_000_000;

const binding: fc.Arbitrary<Binding> = fc.record({
  contact: fc.constantFrom('sip:a@1', 'sip:a@2', 'SIP:A@1', 'sip:"\\u2028é@3'),
  contactKey: fc.constantFrom('sip:a@1', 'sip:a@2', 'sip:a@1 ;line=1'),
  instance: fc.constantFrom('', '<urn:uuid:1>'),
  regId: fc.nat(2),
  callId: fc.constantFrom('one', 'two', 'three'),
  cseq: fc.nat(3),
  q: fc.constantFrom(0, 500, 1_000),
  expiresAt: fc.integer({ min: now + 1, max: now + 20 }),
  userAgent: fc.constantFrom('', 'phone'),
});
/** As the service keeps them: a contact is bound once, the best q first. */
const bindings = fc
  .uniqueArray(binding, { minLength: 1, maxLength: 4, selector: ({ contactKey }) => contactKey })
  .map((list) => list.toSorted((a, b) => b.q - a.q));
/** Values that were written up to 10 ms ago. */
const sibling = fc.tuple(bindings, fc.nat(10)).map(([list, ageMs]): TimedValue => {
  const [value, ttlMs] = recordValueOf(list, now);
  return [value, Math.max(1, ttlMs - ageMs)];
});
const siblings = fc.array(sibling, { maxLength: 4 });

describe('the merge of values', () => {
  it('is commutative', () => {
    const property = fc.property(siblings, siblings, (a, b) => {
      expect(mergedValue([...a, ...b])).toEqual(mergedValue([...b, ...a]));
    });
    fc.assert(property);
  });

  it('is one that a table of the store can have', () => {
    const merge: MergeSiblings = mergeBindings;
    const property = fc.property(siblings, (a) => {
      const written = a.map(([value, ttlMs], counter) => ({ value, ttlMs, site: 1, counter }));
      expect(merge(written)).toEqual(mergedValue(a));
    });
    fc.assert(property);
  });

  it('is associative: what was merged before is merged again', () => {
    const property = fc.property(siblings, siblings, siblings, (a, b, c) => {
      const all = mergedValue([...a, ...b, ...c]);
      expect(mergedValue([mergedValue([...a, ...b]), ...c])).toEqual(all);
      expect(mergedValue([...a, mergedValue([...b, ...c])])).toEqual(all);
    });
    fc.assert(property);
  });

  it('is idempotent', () => {
    const property = fc.property(siblings, (a) => {
      const once = mergedValue(a);
      expect(mergedValue([once])).toEqual(once);
      expect(mergedValue([once, once, ...a])).toEqual(once);
    });
    fc.assert(property);
  });

  it('may be done now or later, as long as nothing ends in between', () => {
    const aged = (values: readonly TimedValue[], ms: number): TimedValue[] =>
      values.map(([value, ttlMs]) => [value, ttlMs - ms]);
    const lasting = fc.array(
      bindings.map((list) =>
        recordValueOf(
          list.map((one) => ({ ...one, expiresAt: one.expiresAt + 30 })),
          now,
        ),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const property = fc.property(lasting, fc.nat(30), (values, ms) => {
      expect(mergedValue(aged([mergedValue(values)], ms))).toEqual(mergedValue(aged(values, ms)));
    });
    fc.assert(property);
  });

  it('keeps the request of the highest CSeq of a Call-ID, and reads one binding of a contact', () => {
    const property = fc.property(fc.array(bindings, { minLength: 1, maxLength: 4 }), (lists) => {
      const read = bindingsOf(
        lists.map((list) => recordValueOf(list, now)),
        now,
      )!;
      const all = lists.flat();
      for (const one of read) {
        expect(all).toContainEqual(one);
        const isLater = (other: Binding) =>
          other.contactKey === one.contactKey &&
          other.callId === one.callId &&
          other.instance === one.instance &&
          other.regId === one.regId &&
          other.cseq > one.cseq;
        expect(all.some(isLater)).toBe(false);
      }
      expect(new Set(read.map(({ contactKey }) => contactKey)).size).toBe(read.length);
      expect(read.length).toBeGreaterThan(0);
    });
    fc.assert(property);
  });
});

describe('a value', () => {
  it('is read as it was written, less what has ended since', () => {
    // Without reg-id: two Call-IDs of one flow are a phone that began anew.
    const plain = bindings.map((list) => list.map((one) => ({ ...one, regId: 0 })));
    const property = fc.property(plain, fc.nat(30), fc.integer({ min: -5_000, max: 5_000 }), (list, ageMs, skewMs) => {
      const [value, ttlMs] = recordValueOf(list, now);
      const then = now + skewMs;
      const read = bindingsOf(ttlMs > ageMs ? [[value, ttlMs - ageMs]] : [], then);
      const left = liveBindings(list, now + ageMs).map((one) => ({
        ...one,
        expiresAt: one.expiresAt - ageMs + skewMs,
      }));
      expect(read).toEqual(left);
    });
    fc.assert(property);
  });

  it('that nobody can read is said to be so, also beside siblings and merged with them again', () => {
    const good = recordValueOf([{ ...fc.sample(binding, 1)[0]!, expiresAt: now + 5 }], now);
    for (const value of [
      '',
      '{}',
      '[]',
      '[5]',
      '[5,[[1]]]',
      '[5,{}]',
      '[null,[]]',
      '[5,[["a","a","",0,"c",1,1,"5",""]]]',
      '\u0000',
    ]) {
      expect(bindingsOf([[value, 5]], now)).toBeUndefined();
      expect(bindingsOf([[value, 5], good], now)).toBeUndefined();
      const merged = mergedValue([good, [value, 5]]);
      expect(mergedValue([merged, good])).toEqual(merged);
      expect(bindingsOf([merged], now)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), fc.integer(), (value, ttl) => void bindingsOf([[value, ttl], good], now)));
  });

  it('that is older than its bindings has none', () => {
    expect(bindingsOf([], now)).toEqual([]);
    expect(mergedValue([])).toEqual(['[1,[]]', 1]);
    expect(bindingsOf([mergedValue([])], now)).toEqual([]);
  });

  it('with more than a user may have is cut: who lives longest stays', () => {
    const property = fc.property(bindings, (list) => {
      const bounded = boundedBindings([...list], 2, 20);
      expect(bounded.length).toBeLessThanOrEqual(2);
      expect(charactersOf(bounded)).toBeLessThanOrEqual(20);
    });
    fc.assert(property);
  });
});

it('a phone that began anew with another Call-ID and contact replaces its flow', () => {
  const flow = { instance: '<urn:uuid:1>', regId: 1, q: 1_000, userAgent: '', cseq: 1 };
  const before = { ...flow, contact: 'sip:a@1', contactKey: 'sip:a@1', callId: 'one', expiresAt: now + 10 };
  const after = { ...flow, contact: 'sip:a@2', contactKey: 'sip:a@2', callId: 'two', expiresAt: now + 20 };
  expect(bindingsOf([recordValueOf([before], now), recordValueOf([after], now)], now)).toEqual([after]);
});
