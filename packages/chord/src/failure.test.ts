// Silence and reported deaths: rules 3 and 8 of DESIGN section 5. A peer drops who is dead at once, never twice, judges nobody while it
// stood still itself, and joins again when nobody is left.
import { makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { type PeerAlone, service } from '../bench/peer-alone.ts';
import { at, member, names, peerAt, pointers, rectify, ring, types } from './digits.fixture.ts';
import type { PeerChanged, PlacePeer, SuccessorFound } from './protocol.ts';

/** One period later. */
const tick = (peer: PeerAlone, ms = 1_000) => {
  peer.now += ms;
  return peer.tell({ type: 'stabilise-due' });
};

describe('rule 3: "Dead: drop it, shift, go on"', () => {
  it('a successor that is silent for a period is dropped, and the next one read at once', () => {
    const peer = peerAt('4');
    tick(peer);
    expect(tick(peer)).toMatchObject([{ to: member('6').chord, message: { type: 'read-pointers', versionKnown: 0 } }]);
    expect(names(peer.state.successors)).toBe('6 7');
  });

  it('query-due: one that has time left is looked at when its time is over', () => {
    const peer = peerAt('4', ring, { stabiliseMs: 200 });
    tick(peer, 200);
    peer.timers.length = 0;
    expect(tick(peer, 200)).toEqual([]);
    expect(peer.timers[1]).toEqual({
      delayMs: 800,
      message: { type: 'query-due', correlation: peer.state.correlation },
    });
    peer.now += 800;
    const { correlation } = peer.state;
    expect(peer.tell({ type: 'query-due', correlation })).toMatchObject([{ to: member('6').chord }]);
    expect(peer.tell({ type: 'query-due', correlation })).toEqual([]);
  });

  it('who stood still itself judges nobody, and asks again', () => {
    const peer = peerAt('4');
    tick(peer);
    expect(tick(peer, 5_000)).toMatchObject([{ to: member('5').chord, message: { type: 'read-pointers' } }]);
    expect(names(peer.state.successors)).toBe('5 6 7');
  });

  it('the dead one is not read again because its neighbour still names it, until a few periods have passed', () => {
    const peer = peerAt('4');
    tick(peer);
    tick(peer);
    expect(types(peer.tell(pointers(peer, '6', '5', '7 8 9')))).toBe('rectify');
    expect(peer.state.versionKnown).toBe(0);
    tick(peer, 3_500);
    const sent = peer.tell(pointers(peer, '6', '5', '7 8 9'));
    expect(sent).toMatchObject([{ to: member('5').chord, message: { type: 'read-pointers' } }]);
  });

  it('a step two that is not answered leaves the successor as it was, and notifies it', () => {
    const peer = peerAt('4');
    tick(peer);
    peer.tell(pointers(peer, '5', '48', '6 7 8'));
    peer.now += 1_000;
    const sent = peer.tell({ type: 'query-due', correlation: peer.state.correlation });
    expect(sent).toMatchObject([{ to: member('5').chord, message: { type: 'rectify' } }]);
    expect(names(peer.state.successors)).toBe('5 6 7');
  });
});

describe('members-lost', () => {
  it('drops a host from all pointers at once and reads the next successor', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'successor-hinted', candidate: member('48') });
    peer.tell(pointers(peer, '48', '4', '5 6 7'));
    const sent = peer.tell({ type: 'members-lost', hosts: [1], members: [] });
    expect(names(peer.state.successors)).toBe('5 6');
    expect(sent.at(-1)).toMatchObject({ to: member('5').chord, message: { type: 'read-pointers' } });
  });

  it('drops single members too: successors, fingers, the predecessor', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'members-lost', hosts: [], members: ['3', '6', 'c'].map((digits) => member(digits)) });
    expect(names(peer.state.successors)).toBe('5 7');
    expect(names(peer.state.fingers)).toBe('8');
    expect(peer.state.predecessor).toBe(member('4'));
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('3') });
  });

  it('a list that still names them is adopted without them, and read again', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'members-lost', hosts: [], members: [member('6')] });
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(names(peer.state.successors)).toBe('5 7 8');
    expect(peer.state.versionKnown).toBe(0);
  });

  it('a list that lost a member is read again, should the successor know better and its list stay as it is', () => {
    const peer = peerAt('4');
    tick(peer);
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(peer.state.versionKnown).toBe(77);
    const [sent] = peer.tell({ type: 'members-lost', hosts: [], members: [member('7')] });
    expect(sent).toMatchObject({ to: member('5').chord, message: { type: 'read-pointers', versionKnown: 0 } });
    peer.now += 5_000;
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(names(peer.state.successors)).toBe('5 6 7');
  });

  it('a look-up is not forwarded to them', () => {
    const peer = peerAt('4');
    const replyTo = makeAddress<SuccessorFound>(0, 0, 99);
    peer.tell({ type: 'members-lost', hosts: [], members: [member('c')] });
    const [sent] = peer.tell({ type: 'find-successor', key: at('d'), replyTo, correlation: 1, hops: 0 });
    expect(sent!.to).toBe(member('8').chord);
  });

  it('an open question to them is over: the next one is asked, a pred is replaced, without waiting', () => {
    const peer = peerAt('4');
    tick(peer);
    peer.tell(rectify('2', { owns: true }));
    peer.tell({ type: 'members-lost', hosts: [], members: [member('3'), member('5')] });
    expect(names(peer.state.successors)).toBe('6 7');
    expect(names([peer.state.predecessor])).toBe('2');
    expect(peer.state.queries).toMatchObject([{ member: member('6') }]);
  });

  it('never drops the own host or the peer itself', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'members-lost', hosts: [0], members: [member('4')] });
    expect(names(peer.state.successors)).toBe('5 6 7');
  });
});

it('rule 8: two live peers that think each other dead: whoever is heard again is not lost any more', () => {
  const peer = peerAt('4');
  peer.tell({ type: 'members-lost', hosts: [1], members: [member('5'), member('3')] });
  peer.tell({ ...rectify('3'), notifier: member('3') });
  peer.tell(rectify('38'));
  expect(names([peer.state.predecessor])).toBe('38');
  expect(peer.state.lost).toMatchObject([{ hosts: [], members: [member('5')] }]);
  peer.tell(pointers(peer, '6', '5', '7 8 9'));
  expect(peer.tell({ type: 'successor-hinted', candidate: member('5') })).toMatchObject([{ to: member('5').chord }]);
});

it('a list that is used up goes on with fingers, then with the predecessor: hints, to be read before they answer for a key', () => {
  const peer = peerAt('4');
  const replyTo = makeAddress<SuccessorFound>(0, 0, 99);
  const lose = (...digits: string[]) =>
    peer.tell({ type: 'members-lost', hosts: [], members: digits.map((one) => member(one)) });
  expect(lose('5', '6', '7').at(-1)).toMatchObject({ to: member('8').chord, message: { type: 'read-pointers' } });
  expect(names(peer.state.successors)).toBe('8');
  const [asked] = peer.tell({ type: 'find-successor', key: at('78'), replyTo, correlation: 1, hops: 0 });
  expect(asked).toMatchObject({ to: member('8').chord, message: { type: 'find-successor', hops: 1 } });
  lose('8', 'c');
  expect(names(peer.state.successors)).toBe('3');
  expect(peer.state.phase).toBe('member');
});

describe('a peer that knows nobody alive', () => {
  const membership = makeAddress<PlacePeer | PeerChanged>(0, 0, 16);
  const others = ring.members.filter(({ key }) => key !== at('4'));
  const isolated = () => {
    const peer = peerAt('4', ring, { membership });
    const sent = peer.tell({ type: 'members-lost', hosts: [], members: others });
    return { peer, sent };
  };

  it('owns nothing and says that it is joining, in a new incarnation', () => {
    const { peer, sent } = isolated();
    expect(peer.state.phase).toBe('joining');
    expect(sent.slice(0, 2)).toMatchObject([
      { to: service, message: { type: 'range-changed', owns: false } },
      { to: membership, message: { type: 'peer-changed', phase: 'joining', self: { ...member('4'), life: 1 } } },
    ]);
    expect(tick(peer)).toEqual([]);
    expect(peer.tell(rectify('38'))).toEqual([]);
  });

  it('asks for a place again and keeps its key', () => {
    const { peer } = isolated();
    const [asked] = peer.tell({ type: 'join-due' });
    expect(asked).toEqual({ to: membership, message: { type: 'place-peer', chord: member('4').chord } });
    const [found] = peer.tell({ type: 'peer-placed', key: at('77'), contact: member('a') });
    expect(found).toMatchObject({ to: member('a').chord, message: { type: 'find-successor', key: at('4') } });
  });

  it('or, having nobody to ask, takes a hint', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'members-lost', hosts: [], members: others });
    const [read] = peer.tell({ type: 'successor-hinted', candidate: member('a') });
    expect(read).toMatchObject({ to: member('a').chord, message: { type: 'read-pointers' } });
    peer.now = 5_000;
    peer.tell(pointers(peer, 'a', '3', '1 2 3 5'));
    peer.tell(pointers(peer, '3', '2', '5 6 7'));
    expect(peer.state).toMatchObject({ phase: 'member', self: { ...member('4'), life: 1 } });
  });
});
