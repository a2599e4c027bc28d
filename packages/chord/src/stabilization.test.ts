// One test for each rule of reading the successor (DESIGN section 5, rules 3, 5 and 7), in a ring where digits say who is who.
import { describe, expect, it } from 'vitest';
import { PeerAlone } from '../bench/peer-alone.ts';
import { loneHostRing, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { chordPeer } from './behaviour.ts';
import { at, member, names, peerAt, pointers, rectify, ring, stranger, types } from './digits.fixture.ts';
import { ringOfMembers } from './founding.ts';
import type { PointersRead } from './protocol.ts';

const notification = {
  to: member('5').chord,
  message: { type: 'rectify', notifier: member('4'), epoch: 1, owns: true },
};

describe('a period', () => {
  it('ticks once, the first time anywhere within it', () => {
    const first = Array.from({ length: 50 }, (_, seed) => {
      return new PeerAlone({ self: member('4'), founding: ring, stabiliseMs: 1_000 }, seed).timers[0]!.delayMs;
    });
    expect(Math.min(...first)).toBeLessThan(200);
    expect(Math.max(...first)).toBeGreaterThan(800);
    expect(Math.max(...first)).toBeLessThan(1_000);
    const peer = new PeerAlone({ self: member('4'), founding: ring, stabiliseMs: 250 });
    peer.timers.length = 0;
    peer.tell({ type: 'stabilise-due' });
    expect(peer.timers).toEqual([{ delayMs: 250, message: { type: 'stabilise-due' } }]);
  });

  it('that is quiet costs two messages and one timer', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    peer.timers.length = 0;
    expect(types(peer.tell({ type: 'stabilise-due' }))).toBe('read-pointers');
    const { correlation } = peer.state;
    expect(peer.tell({ type: 'pointers-unchanged', correlation })).toEqual([]);
    expect(peer.timers).toHaveLength(1);
    expect(peer.state.queries).toEqual([]);
  });

  it('in a ring of one asks nobody', () => {
    const alone = loneHostRing(1);
    expect(new PeerAlone({ self: alone.members[0]!, founding: alone }).tell({ type: 'stabilise-due' })).toEqual([]);
  });
});

describe('rule 3', () => {
  it('"read succ[0]\'s (pred, list) in one query"', () => {
    const [sent] = peerAt('4').tell({ type: 'stabilise-due' });
    expect(sent!.to).toBe(member('5').chord);
    expect(sent!.message).toMatchObject({
      type: 'read-pointers',
      replyTo: member('4').chord,
      versionKnown: ring.version,
    });
  });

  it('a reader is answered with all pointers, or in a word when it has them already', () => {
    const peer = peerAt('5');
    const read = { type: 'read-pointers', replyTo: stranger, correlation: 3, versionKnown: 0 } as const;
    const answer = peer.tell(read)[0]!.message as PointersRead;
    const { predecessor, successors, version } = peer.state;
    const owned = { owns: true, ownedFrom: at('4'), epoch: 1 };
    const self = member('5');
    expect(answer).toEqual({ type: 'pointers-read', correlation: 3, version, self, predecessor, successors, ...owned });
    expect(peer.tell({ ...read, versionKnown: version })).toEqual([
      { to: stranger, message: { type: 'pointers-unchanged', correlation: 3 } },
    ]);
    peer.tell(rectify('48'));
    expect(types(peer.tell({ ...read, versionKnown: version }))).toBe('pointers-read');
  });

  it('"Live: adopt [succ[0]] + its list"', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    expect(peer.tell(pointers(peer, '5', '4', '58 6 7'))).toEqual([]);
    expect(names(peer.state.successors)).toBe('5 58 6');
    peer.tell({ type: 'stabilise-due' });
    peer.tell(pointers(peer, '5', '4', 'a b c'));
    expect(names(peer.state.successors)).toBe('5 a b');
    expect(names(peer.state.fingers)).toBe('c');
  });

  it('a list that passes the reader ends before it', () => {
    const three = ringOfKeys(['1', '4', '8'].map(at), 2);
    const peer = new PeerAlone({ self: three.members[1]!, founding: three });
    peer.tell({ type: 'stabilise-due' });
    peer.tell({ ...pointers(peer, '8', '4', '1 4'), self: three.members[2]!, predecessor: three.members[1]! });
    expect(names(peer.state.successors)).toBe('8 1');
  });

  it('"if its pred lies between, read that peer\'s list next (step two) and adopt it if live"', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    const [second] = peer.tell(pointers(peer, '5', '48', '6 7 8'));
    expect(second!.to).toBe(member('48').chord);
    expect(second!.message).toMatchObject({ type: 'read-pointers', versionKnown: 0 });
    expect(names(peer.state.successors)).toBe('5 6 7');
    const sent = peer.tell(pointers(peer, '48', '3', '5 6 7'));
    expect(names(peer.state.successors)).toBe('48 5 6');
    expect(sent).toEqual([{ ...notification, to: member('48').chord }]);
  });

  it('"Notify the successor each time", as long as that can change something', () => {
    const peer = peerAt('4');
    for (let period = 0; period < 2; period++) {
      expect(peer.tell({ type: 'stabilise-due' })[0]!.message).toMatchObject({
        versionKnown: period === 0 ? ring.version : 0,
      });
      expect(peer.tell(pointers(peer, '5', '3', '6 7 8'))).toEqual([notification]);
    }
    peer.tell({ type: 'stabilise-due' });
    expect(peer.tell(pointers(peer, '5', '4', '6 7 8'))).toEqual([]);
    expect(peer.tell({ type: 'stabilise-due' })[0]!.message).toMatchObject({ versionKnown: 77 });
  });
});

it('rule 5: "Never adopt a pointer to a peer that was not contacted in this step"', () => {
  const peer = peerAt('4');
  const unasked = pointers(peer, '5', '4', 'a b c');
  peer.tell(unasked);
  peer.tell({ type: 'stabilise-due' });
  peer.tell({ ...unasked, correlation: peer.state.correlation - 1 });
  peer.tell(pointers(peer, '48', '4', 'a b c'));
  peer.tell({ type: 'pointers-unchanged', correlation: peer.state.correlation - 1 });
  expect(names(peer.state.successors)).toBe('5 6 7');
  const answer = pointers(peer, '5', '4', '6 7 8');
  peer.tell(answer);
  peer.tell({ ...answer, successors: unasked.successors });
  expect(names(peer.state.successors)).toBe('5 6 7');
});

describe('rule 5: "Gossip and fingers are hints"', () => {
  it('successor-hinted: a nearer member is read, and adopted when it answers', () => {
    const peer = peerAt('4');
    const [sent] = peer.tell({ type: 'successor-hinted', candidate: member('48') });
    expect(sent).toMatchObject({ to: member('48').chord, message: { type: 'read-pointers' } });
    expect(names(peer.state.successors)).toBe('5 6 7');
    peer.tell(pointers(peer, '48', '4', '5 6 7'));
    expect(names(peer.state.successors)).toBe('48 5 6');
  });

  it('one that comes while the successor is being read is read afterwards, one that is not nearer never', () => {
    const peer = peerAt('4');
    for (const digits of ['5', '6', '38', '4'])
      expect(peer.tell({ type: 'successor-hinted', candidate: member(digits) })).toEqual([]);
    peer.tell({ type: 'stabilise-due' });
    expect(peer.tell({ type: 'successor-hinted', candidate: member('48') })).toEqual([]);
    const sent = peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(sent).toMatchObject([{ to: member('48').chord, message: { type: 'read-pointers' } }]);
  });

  it('a hint that is only joining is not adopted', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'successor-hinted', candidate: member('48') });
    const { correlation } = peer.state;
    peer.tell({ type: 'pointers-pending', correlation, self: member('48') });
    expect(names(peer.state.successors)).toBe('5 6 7');
    expect(peer.state.queries).toEqual([]);
  });
});

describe('rule 7: "Between asking and applying, a peer answers pending, and still answers liveness"', () => {
  it('a joining peer answers so', () => {
    const joiner = new PeerAlone({ host: 1, startedAt: 5 });
    const read = { type: 'read-pointers', replyTo: stranger, correlation: 3, versionKnown: 0 } as const;
    expect(joiner.tell(read)).toMatchObject([
      { to: stranger, message: { type: 'pointers-pending', correlation: 3, self: { host: 1, life: 5 } } },
    ]);
  });

  it('a successor that answers so lives and stays; its pointers are read next time', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    const { correlation } = peer.state;
    expect(peer.tell({ type: 'pointers-pending', correlation, self: member('5') })).toEqual([]);
    expect(names(peer.state.successors)).toBe('5 6 7');
    expect(peer.state.queries).toEqual([]);
  });

  it('another life of the successor says that the one that is known is dead', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    const { correlation } = peer.state;
    const self = { ...member('5'), life: 9 };
    expect(peer.tell({ type: 'pointers-pending', correlation, self })).toMatchObject([{ to: member('6').chord }]);
    expect(names(peer.state.successors)).toBe('6 7');
  });
});

it('a list goes on until it names three other hosts, and no further than 64 members', () => {
  const keys = Array.from({ length: 200 }, (_, i) => at((i + 1).toString(16).padStart(2, '0')));
  const row = (hostOf: (i: number) => number) => {
    const founding = ringOfKeys(keys, 3, hostOf);
    const { members } = founding;
    const state = new PeerAlone({ self: members[0]!, founding }).state;
    return { members, state };
  };
  const lengthOf = (hostOf: (i: number) => number) => row(hostOf).state.successors.length;
  expect(lengthOf((i) => i % 4)).toBe(3);
  expect(lengthOf((i) => Math.floor(i / 10) % 4)).toBe(30);
  expect(lengthOf((i) => Math.floor(i / 10) % 2)).toBe(10);
  expect(lengthOf(() => 0)).toBe(3);
  expect(lengthOf((i) => Math.floor(i / 50))).toBe(50);
});

it('the shared reference is kept when a copy of a member arrives from another thread', () => {
  const peer = peerAt('4');
  peer.tell({ type: 'stabilise-due' });
  const before = peer.state.successors;
  peer.tell(structuredClone(pointers(peer, '5', '4', '6 7 8')));
  expect(peer.state.successors).toBe(before);
  peer.tell({ type: 'stabilise-due' });
  peer.tell(structuredClone(pointers(peer, '5', '4', '58 7 8')));
  expect(peer.state.successors[2]).toBe(member('7'));
});

it('a founder that is no member of its founding ring does not start', () => {
  const others = ringOfMembers(ring.members.slice(0, 5), 3);
  expect(() => new PeerAlone({ self: member('e'), founding: others })).toThrow('one of the founding members');
});

it('operators are shown numbers only, as a host may have 50,000 peers to sum', () => {
  const peer = peerAt('4');
  const shown = () => chordPeer.inspect?.(peer.state);
  const quiet = { successorsCount: 3, fingersCount: 2, queriesCount: 0, membersCount: 1, ownersCount: 1 };
  expect(shown()).toEqual(quiet);
  peer.tell({ type: 'stabilise-due' });
  expect(shown()).toEqual({ ...quiet, queriesCount: 1 });
});
