// A range goes to another peer: all records of it, what changes meanwhile, lost and repeated chunks, a taker that is silent, and what
// becomes of records that are not owned any more.
import { betweenRightClosed, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { handOversMax } from './hand-over.ts';
import { LocationPair } from './pair.fixture.ts';
import { takingsMax } from './taking.ts';

const low = '0'.repeat(40) as RingKey;
const middle = `8${'0'.repeat(39)}` as RingKey;
const all = 300;
const names = Array.from({ length: all }, (_, i) => `user${i}@example.com`);
const inRange = (aor: string) => betweenRightClosed(low, ringKeyFromText(aor), middle);
const handed = names.filter(inRange);
const kept = names.filter((aor) => !inRange(aor));
const [moving = '', other = ''] = handed;

function filled(config = {}): LocationPair {
  const pair = new LocationPair(2, config);
  for (const aor of names) pair.register(0, aor, 1, [`sip:${aor}@phone`, `sip:${aor}@desk`]);
  return pair;
}
const both = (aor: string) => [`sip:${aor}@phone/1`, `sip:${aor}@desk/1`];

describe('hand-range', () => {
  it('gives exactly the records of the range, in chunks below 64 KB, then range-released', () => {
    const pair = filled({ usersPerSweepMax: 7 });
    pair.hand(low, middle);
    expect(pair.released).toBe(0);
    pair.advance(2_000);
    expect(pair.released).toBe(1);
    expect(pair.states[1]!.users?.size).toBe(handed.length);
    for (const aor of handed) expect(pair.contacts(1, aor)).toEqual(both(aor));
    for (const aor of kept) expect(pair.contacts(1, aor)).toEqual([]);
    expect(pair.states[0]!.counts).toMatchObject({ recordsHanded: handed.length, handOversGivenUp: 0 });
    expect(pair.octetsMax).toBeLessThan(65_536);
  });

  it('without records releases at once, and so without a user of the range', () => {
    const empty = new LocationPair();
    empty.hand(low, middle);
    expect(empty.told).toEqual([{ type: 'range-released', correlation: 5 }]);
    const pair = new LocationPair();
    pair.register(0, kept[0]!, 1, ['sip:a']);
    pair.hand(low, middle);
    expect(pair.released).toBe(1);
    expect(pair.sentCount).toBe(0);
  });

  it('asked again while it goes on is not begun again; asked again after the release is answered again', () => {
    const pair = filled();
    pair.hand(low, middle);
    pair.hand(low, middle);
    expect(pair.states[0]!.handOvers).toHaveLength(1);
    pair.advance(1_000);
    pair.hand(low, middle);
    expect(pair.released).toBe(2);
    expect(pair.states[0]!.counts.recordsHanded).toBe(handed.length);
  });

  it('of the whole ring gives everything, as a peer that leaves does', () => {
    const pair = filled();
    pair.hand(low, low);
    pair.advance(1_000);
    expect(pair.states[1]!.users?.size).toBe(all);
  });

  it('times travel as time left, since clocks of hosts differ', () => {
    const pair = new LocationPair();
    pair.register(0, moving, 1, ['sip:a'], 60_000);
    pair.advance(20_000);
    pair.hand(low, middle);
    pair.advance(100);
    const [record] = [...pair.states[1]!.users!.values()];
    expect(record!.bindings[0]!.expiresAt - pair.now).toBeLessThanOrEqual(40_000);
    expect(record!.bindings[0]!.expiresAt - pair.now).toBeGreaterThan(39_000);
    pair.advance(40_000);
    expect(pair.contacts(1, moving)).toEqual([]);
  });

  it('at most so many at a time: the oldest is given up, its range released', () => {
    const pair = filled();
    pair.carry = () => 0;
    for (let i = 0; i <= handOversMax; i++) pair.hand(low, middle, 0, 1, i);
    expect(pair.states[0]!.handOvers).toHaveLength(handOversMax);
    expect(pair.told.filter(({ type }) => type === 'range-released')).toEqual([
      { type: 'range-released', correlation: 0 },
    ]);
  });
});

describe('what changes meanwhile', () => {
  it('follows: a new user, a refresh, one contact removed, all removed', () => {
    const pair = filled();
    pair.carry = () => 0;
    pair.hand(low, middle);
    const fresh = Array.from({ length: 99 }, (_, i) => `fresh${i}@example.com`).find(inRange)!;
    pair.register(0, fresh, 1, ['sip:fresh']);
    pair.register(0, moving, 2, [`sip:${moving}@phone`]);
    pair.register(0, other, 2, [`-sip:${other}@desk`]);
    const third = handed[2]!;
    pair.register(0, third, 2, [`-sip:${third}@desk`, `-sip:${third}@phone`]);
    pair.carry = () => 1;
    pair.advance(3_000);
    expect(pair.released).toBe(1);
    expect(pair.contacts(1, fresh)).toEqual(['sip:fresh/1']);
    expect(pair.contacts(1, moving).toSorted()).toEqual([`sip:${moving}@desk/1`, `sip:${moving}@phone/2`]);
    expect(pair.contacts(1, other)).toEqual([`sip:${other}@phone/1`]);
    expect(pair.contacts(1, third)).toEqual([]);
    expect(pair.states[1]!.users?.size).toBe(handed.length);
  });

  it('a contact that was removed and is back, is back', () => {
    const pair = filled();
    pair.carry = () => 0;
    pair.hand(low, middle);
    pair.register(0, moving, 2, [`-sip:${moving}@desk`]);
    pair.register(0, moving, 3, [`sip:${moving}@desk`]);
    pair.carry = () => 1;
    pair.advance(3_000);
    expect(pair.contacts(1, moving).toSorted()).toEqual([`sip:${moving}@desk/3`, `sip:${moving}@phone/1`]);
  });

  it('a change outside the range does not', () => {
    const pair = filled();
    pair.hand(low, middle);
    pair.register(0, kept[0]!, 2, ['sip:new']);
    pair.advance(1_000);
    expect(pair.contacts(1, kept[0]!)).toEqual([]);
  });

  it('a change that was on its way when the range was released still follows, but not over what the new owner was told since', () => {
    const pair = filled();
    pair.hand(low, middle);
    pair.advance(1_000);
    pair.register(0, moving, 2, [`sip:${moving}@phone`, `-sip:${moving}@desk`]);
    pair.register(1, other, 5, [`sip:${other}@phone`]);
    pair.register(0, other, 2, [`sip:${other}@phone`]);
    pair.advance(100);
    expect(pair.contacts(1, moving)).toEqual([`sip:${moving}@phone/2`]);
    expect(pair.contacts(1, other)).toContain(`sip:${other}@phone/5`);
    pair.advance(6_000);
    expect(pair.states[0]!.handOvers).toEqual([]);
    expect(pair.states[0]!.handOverTimer).toBe(0);
  });
});

describe('the way between', () => {
  it('chunks that were lost, came twice or out of order do no harm', () => {
    const pair = filled();
    let count = 0;
    pair.carry = () => [0, 2, 1][count++ % 3]!;
    pair.hand(low, middle);
    pair.register(0, moving, 2, [`-sip:${moving}@desk`]);
    pair.advance(20_000);
    expect(pair.released).toBe(1);
    expect(pair.states[0]!.counts.handOversGivenUp).toBe(0);
    expect(pair.states[1]!.users?.size).toBe(handed.length);
    expect(pair.contacts(1, moving)).toEqual([`sip:${moving}@phone/1`]);
    expect(pair.states[1]!.counts.recordsTaken).toBe(pair.states[0]!.counts.recordsHanded);
  });

  it('a taker that is silent for 10 s: the range is released, counted, and nothing goes on', () => {
    const pair = filled();
    pair.carry = () => 0;
    pair.hand(low, middle);
    pair.advance(9_900);
    expect(pair.released).toBe(0);
    pair.advance(400);
    expect(pair.released).toBe(1);
    expect(pair.states[0]!.counts.handOversGivenUp).toBe(1);
    const { sentCount } = pair;
    pair.advance(20_000);
    expect(pair.sentCount).toBe(sentCount);
  });

  it('hand-over-due without a hand-over, and drop-due with nothing to drop, do nothing', () => {
    const pair = filled();
    pair.tell(0, { type: 'hand-over-due' });
    pair.tell(0, { type: 'drop-due' });
    expect(pair.sentCount).toBe(0);
    expect(pair.states[0]!.users?.size).toBe(all);
  });

  it('a taker that forgot (it failed and lives again) acknowledges nothing, and the giver gives up', () => {
    const pair = filled();
    pair.carry = (message) => ('chunk' in message && message.chunk === 0 ? 0 : 1);
    pair.hand(low, middle);
    pair.advance(11_000);
    expect(pair.states[0]!.counts.handOversGivenUp).toBe(1);
    expect(pair.states[1]!.users).toBeUndefined();
  });

  it('acknowledgements of another life, or too high ones, are not believed', () => {
    const pair = filled();
    pair.carry = () => 0;
    pair.hand(low, middle);
    const { transfer, unanswered } = pair.states[0]!.handOvers[0]!;
    const waiting = unanswered.length;
    pair.tell(0, { type: 'records-taken', transfer: transfer + 1, chunkNext: 1 });
    pair.tell(0, { type: 'records-taken', transfer, chunkNext: 99 });
    pair.tell(0, { type: 'records-taken', transfer, chunkNext: 0 });
    expect(unanswered).toHaveLength(waiting);
  });

  it('a record that is not whole is refused and counted; the others of its chunk are taken', () => {
    const pair = new LocationPair();
    const binding = ['sip:a', 'sip:a', '', 0, 'c', 1, 1_000, 60_000, ''];
    const without = (index: number, value: unknown): unknown[] => binding.map((one, i) => (i === index ? value : one));
    const records = [
      [7, [binding], []],
      ['lie1@x', [without(0, undefined)], []],
      ['lie2@x', [without(7, Number.NaN)], []],
      ['lie3@x', [without(5, 'one')], []],
      ['lie4@x', [], [[undefined, 'c', 1]]],
      ['true@x', [binding], []],
    ] as never;
    pair.tell(1, { type: 'take-records', transfer: 1, chunk: 0, records, replyTo: pair.at(0) });
    expect([...pair.states[1]!.users!.keys()]).toEqual(['true@x']);
    expect(pair.states[1]!.counts.handedRefused).toBe(5);
  });

  it('takings are few: with one more the oldest is forgotten', () => {
    const pair = new LocationPair();
    for (let transfer = 0; transfer <= takingsMax; transfer++)
      pair.tell(1, { type: 'take-records', transfer, chunk: 0, records: [], replyTo: pair.at(0) });
    expect(pair.states[1]!.takings.map(({ transfer }) => transfer)).not.toContain(0);
    expect(pair.states[1]!.takings).toHaveLength(takingsMax);
  });
});

describe('records that are here already', () => {
  it('merge contact by contact: higher CSeq of one Call-ID, else the later end', () => {
    const pair = new LocationPair();
    pair.register(0, moving, 3, ['sip:a', 'sip:b']);
    pair.register(1, moving, 5, ['sip:b', 'sip:c']);
    pair.hand(low, middle);
    pair.advance(100);
    expect(pair.contacts(1, moving).toSorted()).toEqual(['sip:a/3', 'sip:b/5', 'sip:c/5']);
  });

  it('limits hold: who lives longest stays', () => {
    const pair = new LocationPair(2, { bindingsPerUserMax: 2 });
    pair.register(0, moving, 1, ['sip:a'], 100_000);
    pair.register(0, moving, 2, ['sip:b'], 900_000);
    pair.register(1, moving, 1, ['sip:c'], 500_000);
    pair.hand(low, middle);
    pair.advance(100);
    expect(pair.contacts(1, moving).toSorted()).toEqual(['sip:b/2', 'sip:c/1']);
    expect(pair.states[1]!.counts.handedRefused).toBe(1);
  });
});

describe('range-changed', () => {
  it('what is not owned stays for the time of grace, then goes, some users a step', () => {
    const pair = filled({ usersPerSweepMax: 10 });
    pair.own(0, true, middle, low);
    pair.advance(29_000);
    expect(pair.states[0]!.users?.size).toBe(all);
    pair.advance(2_000);
    expect(pair.states[0]!.users?.size).toBe(kept.length);
    expect(pair.states[0]!.counts.usersDropped).toBe(handed.length);
    for (const aor of kept) expect(pair.contacts(0, aor)).toEqual(both(aor));
    expect(pair.states[0]!.dropTimer).toBe(0);
  });

  it('a false alarm loses nothing', () => {
    const pair = filled();
    pair.own(0, true, low, low);
    pair.own(0, false, low, low);
    pair.advance(20_000);
    pair.own(0, true, low, low);
    pair.advance(60_000);
    expect(pair.states[0]!.users?.size).toBe(all);
  });

  it('a joiner keeps what it takes until it owns it, however long that lasts', () => {
    const pair = filled();
    pair.own(1, false, low, middle);
    pair.advance(29_900);
    pair.hand(low, middle);
    pair.advance(20_000);
    pair.own(1, true, low, middle);
    pair.advance(60_000);
    expect(pair.states[1]!.users?.size).toBe(handed.length);
  });

  it('the share of users follows the range, and newcomers do not pay for records that wait to be dropped', () => {
    const pair = new LocationPair(1, { usersMax: 100 });
    expect(pair.states[0]!.usersShare).toBe(100);
    pair.own(0, true, low, low);
    for (const aor of names.slice(0, 100)) expect(pair.register(0, aor, 1, ['sip:a']).type).toBe('bindings-listed');
    expect(pair.register(0, names[100]!, 1, ['sip:a'])).toMatchObject({ reason: 'users-exceeded' });
    const quarter = `c${'0'.repeat(39)}` as RingKey;
    pair.own(0, true, quarter, low);
    expect(pair.states[0]!.usersShare).toBe(100);
    pair.advance(31_000);
    expect(pair.states[0]!.usersShare).toBe(63);
    pair.own(0, false, quarter, low);
    expect(pair.states[0]!.usersShare).toBe(63);
  });
});
