// One test per rule that a single peer keeps (DESIGN section 5), in a ring of the keys 10, 20, ... e0 where digits say who is who.
import { makeAddress } from '@chordial/actor';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { loneHostRing, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { chordPeer } from './behaviour.ts';
import { ringOfMembers } from './founding.ts';
import type { ChordMessage, FindSuccessor, Member, PointersRead, SuccessorFound } from './protocol.ts';

const at = (digits: string): RingKey => parseRingKey(digits.padEnd(40, '0'))!;
const asker = makeAddress<SuccessorFound>(0, 0, 99);
const stranger = makeAddress<ChordMessage>(0, 0, 98);
const letters = [...'123456789abcde'];
const ring = ringOfKeys(letters.map(at), 3);
const member = (digits: string): Member =>
  ring.members.find(({ key }) => key === at(digits)) ?? {
    key: at(digits),
    host: 1,
    lane: 0,
    chord: makeAddress(1, 0, 50),
  };
const peerAt = (digits: string, founding = ring) => new PeerAlone({ self: member(digits), founding, service });
const names = (members: readonly Member[]) => members.map(({ key }) => key.replace(/0+$/, '')).join(' ');

const question = (key: string, more: Partial<FindSuccessor> = {}): FindSuccessor => {
  return { type: 'find-successor', key: at(key), replyTo: asker, correlation: 7, hops: 0, ...more };
};
const pointers = (peer: PeerAlone, of: string, predecessor: string, successors: string): PointersRead => ({
  type: 'pointers-read',
  correlation: peer.state.correlation,
  version: 77,
  self: member(of),
  predecessor: member(predecessor),
  successors: successors.split(' ').map(member),
});

describe('find-successor', () => {
  it('is answered by the owner itself: predecessor < key <= self', () => {
    for (const key of ['4', '38', '3000000001']) {
      const [sent] = peerAt('4').tell(question(key));
      expect(sent).toEqual({
        to: asker,
        message: { type: 'successor-found', correlation: 7, key: at(key), owner: member('4'), hops: 0 },
      });
    }
  });

  it('is answered by the predecessor of the owner', () => {
    expect(peerAt('4').tell(question('5', { hops: 2 }))[0]!.message).toMatchObject({ owner: member('5'), hops: 2 });
  });

  it('is forwarded to the closest preceding member that is known, one hop later', () => {
    const peer = peerAt('4');
    expect(names(peer.state.successors)).toBe('5 6 7');
    expect(names(peer.state.fingers)).toBe('8 c');
    for (const [key, next] of [
      ['7', '6'],
      ['78', '7'],
      ['8', '7'],
      ['b', '8'],
      ['c', '8'],
      ['c1', 'c'],
      ['f', 'c'],
      ['3', 'c'],
    ] as const) {
      expect(peer.tell(question(key))).toEqual([{ to: member(next).chord, message: question(key, { hops: 1 }) }]);
    }
  });

  it('writes down who was passed only when it was asked to', () => {
    const trace = [at('1')];
    const peer = peerAt('4');
    expect(peer.tell(question('b', { trace }))[0]!.message).toMatchObject({ trace: [at('1'), at('4')] });
    expect(peer.tell(question('5', { trace }))[0]!.message).toMatchObject({ trace: [at('1'), at('4')] });
    expect(trace).toEqual([at('1')]);
    expect(peer.tell(question('5'))[0]!.message).not.toHaveProperty('trace');
  });

  it('that claims more hops than a ring can have, or asks for no key, is dropped', () => {
    const peer = peerAt('4');
    expect(peer.tell(question('b', { hops: 159 }))).toHaveLength(1);
    expect(peer.tell(question('b', { hops: 160 }))).toEqual([]);
    expect(peer.tell(question('b', { hops: Number.NaN }))).toEqual([]);
    expect(peerAt('9').tell({ ...question('b'), key: Number.POSITIVE_INFINITY as unknown as RingKey })).toEqual([]);
  });

  it('in a ring of one is always answered by its only peer, which asks nobody', () => {
    const alone = loneHostRing(1);
    const peer = new PeerAlone({ self: alone.members[0]!, founding: alone });
    expect(peer.tell(question('5'))[0]!.message).toMatchObject({ owner: alone.members[0], hops: 0 });
    expect(peer.tell({ type: 'stabilise-due' })).toEqual([]);
  });
});

describe('stabilization', () => {
  it('ticks once in a period, the first time anywhere within it', () => {
    const first = Array.from({ length: 50 }, (_, seed) => {
      return new PeerAlone({ self: member('4'), founding: ring, stabiliseMs: 1_000 }, seed).delays[0]!;
    });
    expect(Math.min(...first)).toBeLessThan(200);
    expect(Math.max(...first)).toBeGreaterThan(800);
    expect(Math.max(...first)).toBeLessThan(1_000);
    const peer = new PeerAlone({ self: member('4'), founding: ring, stabiliseMs: 250 });
    peer.tell({ type: 'stabilise-due' });
    expect(peer.delays.slice(1)).toEqual([250]);
  });

  it('rule 3: "read succ[0]\'s (pred, list) in one query"', () => {
    const [sent] = peerAt('4').tell({ type: 'stabilise-due' });
    expect(sent!.to).toBe(member('5').chord);
    expect(sent!.message).toMatchObject({ type: 'read-pointers', replyTo: member('4').chord, versionKnown: 0 });
  });

  it('answers a reader with all pointers, or in a word when it has them already', () => {
    const peer = peerAt('5');
    const read = { type: 'read-pointers', replyTo: stranger, correlation: 3, versionKnown: 0 } as const;
    const answer = peer.tell(read)[0]!.message as PointersRead;
    const { predecessor, successors, version } = peer.state;
    expect(answer).toEqual({
      type: 'pointers-read',
      correlation: 3,
      version,
      self: member('5'),
      predecessor,
      successors,
    });
    expect(peer.tell({ ...read, versionKnown: version })).toEqual([
      { to: stranger, message: { type: 'pointers-unchanged', correlation: 3 } },
    ]);
    peer.tell({ type: 'rectify', notifier: member('48') });
    expect(peer.tell({ ...read, versionKnown: version })[0]!.message.type).toBe('pointers-read');
  });

  it('rule 3: "adopt [succ[0]] + its list"', () => {
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
    peer.tell({ ...pointers(peer, '8', '4', '1 4'), self: three.members[2]! });
    expect(names(peer.state.successors)).toBe('8 1');
  });

  it('rule 3: "if its pred lies between, read that peer\'s list next (step two) and adopt it if live"', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    const [second] = peer.tell(pointers(peer, '5', '48', '6 7 8'));
    expect(second!.to).toBe(member('48').chord);
    expect(second!.message).toMatchObject({ type: 'read-pointers', versionKnown: 0 });
    expect(names(peer.state.successors)).toBe('5 6 7');
    const sent = peer.tell(pointers(peer, '48', '3', '5 6 7'));
    expect(names(peer.state.successors)).toBe('48 5 6');
    expect(sent).toEqual([{ to: member('48').chord, message: { type: 'rectify', notifier: member('4') } }]);
  });

  it('rule 3: "Notify the successor each time", as long as that can change something', () => {
    const peer = peerAt('4');
    for (let period = 0; period < 2; period++) {
      expect(peer.tell({ type: 'stabilise-due' })[0]!.message).toMatchObject({ versionKnown: 0 });
      const sent = peer.tell(pointers(peer, '5', '3', '6 7 8'));
      expect(sent).toEqual([{ to: member('5').chord, message: { type: 'rectify', notifier: member('4') } }]);
    }
    peer.tell({ type: 'stabilise-due' });
    expect(peer.tell(pointers(peer, '5', '4', '6 7 8'))).toEqual([]);
    expect(peer.tell({ type: 'stabilise-due' })[0]!.message).toMatchObject({ versionKnown: 77 });
    expect(peer.tell({ type: 'pointers-unchanged', correlation: peer.state.correlation })).toEqual([]);
    expect(peer.state.asked).toBeUndefined();
  });

  it('rule 5: adopts nothing from a peer that it did not ask just now', () => {
    const peer = peerAt('4');
    const unasked = pointers(peer, '5', '4', 'a b c');
    peer.tell(unasked);
    peer.tell({ type: 'stabilise-due' });
    peer.tell({ ...unasked, correlation: peer.state.correlation - 1 });
    peer.tell(pointers(peer, '48', '4', 'a b c'));
    peer.tell({ type: 'pointers-unchanged', correlation: peer.state.correlation - 1 });
    expect(names(peer.state.successors)).toBe('5 6 7');
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    const again = { ...unasked, correlation: peer.state.correlation };
    peer.tell(again);
    expect(names(peer.state.successors)).toBe('5 6 7');
  });

  it('keeps the shared reference when a copy of a member arrives from another thread', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    const before = peer.state.successors;
    peer.tell(structuredClone(pointers(peer, '5', '4', '6 7 8')));
    expect(peer.state.successors).toBe(before);
    peer.tell({ type: 'stabilise-due' });
    peer.tell(structuredClone(pointers(peer, '5', '4', '58 7 8')));
    expect(peer.state.successors[2]).toBe(member('7'));
  });
});

describe('rectify', () => {
  it('rule 4: "if between(pred, notifier, self), take it", and the range shrinks', () => {
    const peer = peerAt('4');
    const notifier = member('38');
    expect(peer.tell({ type: 'rectify', notifier })).toEqual([
      { to: service, message: { type: 'range-changed', self: member('4'), predecessor: notifier } },
    ]);
    expect(peer.state.predecessor).toBe(notifier);
  });

  it('from anyone else changes nothing', () => {
    const peer = peerAt('4');
    const { version } = peer.state;
    for (const digits of ['2', '3', '4', '8'])
      expect(peer.tell({ type: 'rectify', notifier: member(digits) })).toEqual([]);
    expect(names([peer.state.predecessor])).toBe('3');
    expect(peer.state.version).toBe(version);
  });
});

it('a peer tells its service the range at birth, and nobody when it has no service', () => {
  expect(peerAt('4').sent).toEqual([
    { to: service, message: { type: 'range-changed', self: member('4'), predecessor: member('3') } },
  ]);
  expect(new PeerAlone({ self: member('4'), founding: ring }).sent).toEqual([]);
});

it('a peer that is no founder does not start', () => {
  const others = ringOfMembers(ring.members.slice(0, 5), 3);
  expect(() => new PeerAlone({ self: member('e'), founding: others })).toThrow('one of the founding members');
});

it('shows operators numbers only, as a host may have 50,000 peers to sum', () => {
  const peer = peerAt('4');
  const shown = () => chordPeer.inspect?.(peer.state);
  expect(shown()).toEqual({ successorsCount: 3, fingersCount: 2, queriesCount: 0 });
  peer.tell({ type: 'stabilise-due' });
  expect(shown()).toEqual({ successorsCount: 3, fingersCount: 2, queriesCount: 1 });
});
