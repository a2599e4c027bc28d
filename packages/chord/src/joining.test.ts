// Joining (DESIGN section 5, rule 2), told by hand: a place from the membership or by probing, the walk to it, refusals, another try.
import { makeAddress } from '@chordial/actor';
import { between, distance } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { at, member, names, pointers, rectify, stranger, types } from './digits.fixture.ts';
import type { ChordPeerConfig } from './peer-state.ts';
import type { FindSuccessor, PeerChanged, PlacePeer } from './protocol.ts';

const membership = makeAddress<PlacePeer | PeerChanged>(1, 0, 16);
const chord = makeAddress<never>(1, 0, 90) as PeerAlone['state']['self']['chord'];

function joiner(config: Partial<ChordPeerConfig> = {}): PeerAlone {
  const shared = { host: 1, lane: 0, startedAt: 1_000, successorsCount: 3, membership, listeners: [service] };
  const peer = new PeerAlone({ ...shared, ...config }, 1, chord);
  peer.tell({ type: 'join-due' });
  return peer;
}

/** Placed at 48 and told that 5 is its owner: it reads 5. */
function walking(config: Partial<ChordPeerConfig> = {}): PeerAlone {
  const peer = joiner(config);
  peer.tell({ type: 'peer-placed', key: at('48'), contact: member('a') });
  const { correlation } = peer.state;
  peer.tell({ type: 'successor-found', correlation, key: at('48'), owner: member('5'), hops: 2 });
  return peer;
}

it('place-peer is asked until peer-placed answers, and the key asked for at the contact', () => {
  const peer = joiner();
  expect(peer.sent).toEqual([{ to: membership, message: { type: 'place-peer', chord } }]);
  const other = joiner();
  expect(other.tell({ type: 'join-due' })).toEqual([{ to: membership, message: { type: 'place-peer', chord } }]);
  const sent = peer.tell({ type: 'peer-placed', key: at('48'), contact: member('a') });
  expect(sent).toMatchObject([
    {
      to: membership,
      message: { type: 'peer-changed', phase: 'joining', self: { key: at('48'), life: 1_000, chord } },
    },
    { to: member('a').chord, message: { type: 'find-successor', key: at('48'), replyTo: chord, hops: 0 } },
  ]);
  expect(peer.tell({ type: 'peer-placed', key: at('49'), contact: member('b') })).toEqual([]);
});

describe('rule 2', () => {
  it('"walk to the member m with between(m, j, m.succ[0]); in one read take its successor list and set pred := m"', () => {
    const peer = walking();
    expect(peer.sent).toMatchObject([{ to: member('5').chord, message: { type: 'read-pointers' } }]);
    expect(peer.tell(pointers(peer, '5', '4', '6 7 8'))).toMatchObject([{ to: member('4').chord }]);
    peer.tell(pointers(peer, '4', '3', '5 6 7'));
    expect(names(peer.state.successors)).toBe('5 6 7');
    expect(names([peer.state.predecessor])).toBe('4');
  });

  it('"recheck in that read": a member that came between is read next', () => {
    const peer = walking();
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(peer.tell(pointers(peer, '4', '3', '44 5 6'))).toMatchObject([{ to: member('44').chord }]);
    peer.tell(pointers(peer, '44', '4', '5 6 7'));
    expect(names([peer.state.predecessor])).toBe('44');
  });

  it('"tell nobody, stabilization will": it is a member that owns nothing, and reads its successor', () => {
    const peer = walking();
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    const sent = peer.tell(pointers(peer, '4', '3', '5 6 7'));
    expect(sent).toMatchObject([
      { to: membership, message: { type: 'peer-changed', phase: 'member' } },
      { to: service, message: { type: 'range-changed', owns: false } },
      { to: member('5').chord, message: { type: 'read-pointers' } },
    ]);
    const [notice] = peer.tell(pointers(peer, '5', '4', '6 7 8'));
    expect(notice).toMatchObject({ to: member('5').chord, message: { type: 'rectify', owns: false } });
    peer.tell({ type: 'range-handed', from: at('4'), to: peer.state.self.key, giver: member('5'), epoch: 9 });
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('4'), epoch: 9 });
  });

  it('"Refuse a taken id": another place is asked for after a pause with jitter', () => {
    const peer = walking();
    peer.timers.length = 0;
    const taken = { ...member('48'), host: 2, chord: stranger };
    peer.tell({ ...pointers(peer, '5', '4', '6 7 8'), predecessor: taken });
    expect(peer.state.phase).toBe('joining');
    const { delayMs, message } = peer.timers.at(-1)!;
    expect(message).toEqual({ type: 'join-due' });
    // Soon at first, since whoever gave the place hears of more of the ring at this moment.
    expect(delayMs).toBeGreaterThanOrEqual(100);
    expect(delayMs).toBeLessThan(300);
    peer.tell({ type: 'join-due' });
    const sent = peer.tell({ type: 'peer-placed', key: at('4c'), contact: member('a') });
    // Each second attempt reads its way, from the contact on.
    expect(sent.at(-1)).toMatchObject({ to: member('a').chord, message: { type: 'read-pointers' } });
    expect(peer.state.self.key).toBe(at('4c'));
  });

  it('a place that is taken again and again is followed by a long pause, as any other failure', () => {
    const peer = joiner();
    for (let attempt = 0; attempt < 5; attempt++) {
      peer.tell({ type: 'peer-placed', key: at(`4${attempt}`), contact: member('5') });
      const { correlation } = peer.state;
      if (peer.state.joining?.stage === 'finding')
        peer.tell({ type: 'successor-found', correlation, key: at('48'), owner: member('5'), hops: 0 });
      peer.tell({ ...pointers(peer, '5', '4', '6 7 8'), predecessor: { ...member(`4${attempt}`), host: 2 } });
      if (attempt < 4) peer.tell({ type: 'join-due' });
    }
    expect(peer.timers.at(-1)!.delayMs).toBeGreaterThanOrEqual(500);
    expect(peer.timers.at(-1)!.delayMs).toBeLessThan(1_500);
  });

  it('a former life of itself does not take the place', () => {
    const peer = walking();
    const former = { ...member('48'), chord: stranger, life: 3 };
    peer.tell({ ...pointers(peer, '5', '4', '6 7 8'), predecessor: former });
    peer.now = 500;
    expect(peer.state.joining?.stage).toBe('walking');
    peer.tell({ ...pointers(peer, '48', '4', '5 6 7'), self: former });
    peer.tell({ ...pointers(peer, '4', '3', '5 6 7'), successors: [former, member('5'), member('6')] });
  });

  it('two that took one place at one moment: the one that its successor does not know goes elsewhere', () => {
    const peer = walking();
    peer.tell(pointers(peer, '5', '4', '6 7 8'));
    peer.tell(pointers(peer, '4', '3', '5 6 7'));
    const other = { ...member('48'), host: 2, chord: stranger };
    peer.tell({ ...pointers(peer, '5', '4', '6 7 8'), predecessor: other });
    expect(peer.state.phase).toBe('joining');
    peer.tell({ type: 'join-due' });
    peer.tell({ type: 'peer-placed', key: at('4c'), contact: member('a') });
    expect(peer.state.self.key).toBe(at('4c'));
  });
});

describe('an attempt that does not get on', () => {
  it('ends when whoever was asked is silent or joining itself, and a later one begins', () => {
    for (const end of ['silence', 'pending']) {
      const peer = walking();
      peer.now = 1_000;
      const { correlation } = peer.state;
      if (end === 'silence') peer.tell({ type: 'query-due', correlation });
      else peer.tell({ type: 'pointers-pending', correlation, self: member('5') });
      expect(peer.state.joining?.stage).toBe('waiting');
      expect(types(peer.tell({ type: 'join-due' }))).toBe('place-peer');
    }
  });

  it('a ring of one is never grown by the old rule', () => {
    const peer = walking();
    peer.tell(pointers(peer, '5', '5', '5'));
    expect(peer.state).toMatchObject({ phase: 'joining', joining: { stage: 'waiting' } });
  });

  it('a walk that leads nowhere ends', () => {
    const peer = walking();
    for (let step = 0; step < 40 && peer.state.joining?.stage === 'walking'; step++) {
      // Everyone says that the place is further back.
      const digits = (0x3ff - step).toString(16);
      peer.tell({
        ...pointers(peer, digits, '1', '5'),
        self: peer.state.queries[0]!.member,
        predecessor: member(digits),
      });
    }
    expect(peer.state.joining?.stage).toBe('waiting');
  });

  it('while joining, other words of the ring change nothing', () => {
    const peer = joiner();
    const before = structuredClone(peer.state);
    expect(peer.tell(rectify('38'))).toEqual([]);
    expect(peer.tell({ type: 'stabilise-due' })).toEqual([]);
    expect(peer.tell({ type: 'fix-fingers-due' })).toEqual([]);
    expect(peer.tell({ type: 'successor-hinted', candidate: member('5') })).toEqual([]);
    expect(peer.tell({ type: 'ownership-doubted' })).toEqual([]);
    expect(
      peer.tell({ type: 'range-handed', from: at('4'), to: peer.state.self.key, giver: member('5'), epoch: 9 }),
    ).toEqual([]);
    expect({ ...peer.state, isTicking: before.isTicking }).toEqual(before);
  });
});

describe('without a membership', () => {
  it('the middle of the largest of log2 N probed arcs is taken', () => {
    const peer = joiner({ membership: undefined as never, contact: member('a') });
    expect(peer.sent).toMatchObject([{ to: member('a').chord, message: { type: 'read-pointers' } }]);
    // Three successors within 3/16 of the ring: 16 members, 4 probes.
    let [asked] = peer.tell(pointers(peer, 'a', '9', 'b c d'));
    for (const [owner, predecessor] of ['8 7', '3 1', '6 5', 'd c'].map((pair) => pair.split(' '))) {
      expect(asked).toMatchObject({ to: member('a').chord, message: { type: 'find-successor' } });
      const { key, correlation } = asked!.message as FindSuccessor;
      peer.tell({ type: 'successor-found', correlation, key, owner: member(owner!), hops: 1 });
      asked = peer.tell(pointers(peer, owner!, predecessor!, 'e'))[0];
    }
    const { key } = peer.state.self;
    expect(between(at('1'), key, at('3'))).toBe(true);
    // Near the middle, not on it: somebody else may probe the same arc.
    expect(distance(at('2'), key) < 2n ** 33n).toBe(true);
    expect(key).not.toBe(at('2'));
  });
});
