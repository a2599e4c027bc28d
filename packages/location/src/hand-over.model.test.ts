// Whatever a range's users do while it is handed over, and whatever is lost, repeated or held up on the way: in the end the taker has the
// records that the giver has, no more and no less.
import { betweenRightClosed, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LocationPair } from './pair.fixture.ts';

const low = '0'.repeat(40) as RingKey;
const middle = `8${'0'.repeat(39)}` as RingKey;
const users = Array.from({ length: 12 }, (_, i) => `user${i}@example.com`);
const isHanded = (aor: string) => betweenRightClosed(low, ringKeyFromText(aor), middle);

const wish = fc.record({
  kind: fc.constant('wish'),
  user: fc.nat(users.length - 1),
  contact: fc.constantFrom('sip:a', 'sip:b', 'sip:c'),
  removes: fc.boolean(),
});
const operation = fc.oneof(
  { weight: 6, arbitrary: wish },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause'), ms: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hand') }) },
);

it('the taker ends with what the giver has', () => {
  let handedRecords = 0;
  const property = fc.property(
    fc.array(operation, { maxLength: 50 }),
    // Fewer losses than a silence of 10 s takes.
    fc.array(fc.constantFrom(0, 0, 1, 2), { maxLength: 18 }),
    fc.constantFrom(1, 3, 1_000),
    (operations, copies, usersPerSweepMax) => {
      const pair = new LocationPair(2, { usersPerSweepMax });
      let sent = 0;
      let cseq = 1;
      pair.carry = () => copies[sent++] ?? 1;
      for (const one of operations) {
        if ('user' in one) pair.register(0, users[one.user]!, cseq++, [`${one.removes ? '-' : ''}${one.contact}`]);
        else if ('ms' in one) pair.advance(one.ms);
        else pair.hand(low, middle, 0, 1, 1);
      }
      pair.hand(low, middle, 0, 1, 1);
      pair.advance(30_000);
      expect(pair.states[0]!.counts.handOversGivenUp).toBe(0);
      expect(pair.released).toBeGreaterThan(0);
      for (const aor of users) {
        const expected = isHanded(aor) ? pair.contacts(0, aor).toSorted() : [];
        expect(pair.contacts(1, aor).toSorted()).toEqual(expected);
        handedRecords += expected.length;
      }
      expect(pair.states[0]!.handOvers).toEqual([]);
    },
  );
  fc.assert(property, { numRuns: 500 });
  expect(handedRecords).toBeGreaterThan(100);
});
