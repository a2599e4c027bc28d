// Planned leave (DESIGN section 5, rule 6), told by hand: data first, then the ring; and every way in which it ends early.
import { makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { at, member, names, peerAt, pointers, rectify, stranger, types } from './digits.fixture.ts';
import type { ChordPeerConfig } from './peer-state.ts';
import type {
  HandRange,
  LeaveRefused,
  MemberLeaving,
  PeerChanged,
  PlacePeer,
  PointersRead,
  RingLeft,
} from './protocol.ts';

const replyTo = makeAddress<RingLeft | LeaveRefused>(0, 0, 97);
const membership = makeAddress<PlacePeer | PeerChanged>(0, 0, 16);
const theirService = makeAddress<never>(1, 0, 9);

/** A peer at 4 that was asked to leave and has read its successor. */
function leaver(config: Partial<ChordPeerConfig> = {}, read: Partial<PointersRead> = {}) {
  const peer = peerAt('4', undefined, { membership, ...config });
  const asked = peer.tell({ type: 'leave-ring', replyTo, correlation: 8 });
  const sent = peer.state.leaving === undefined ? asked : peer.tell(pointers(peer, '5', '4', '6 7 8', read));
  return { peer, sent };
}

const refusal = (part: string) => [
  { to: replyTo, message: { type: 'leave-refused', correlation: 8, sentence: expect.stringContaining(part) } },
];

it('data first, then the successor, then the predecessor: hand-range, member-leaving twice, ring-left', () => {
  const { peer, sent } = leaver({ service }, { service: theirService });
  expect(sent).toMatchObject([
    { to: service, message: { type: 'hand-range', from: at('3'), to: at('4'), target: theirService } },
  ]);
  const { correlation } = sent[0]!.message as HandRange;
  const [toSuccessor] = peer.tell({ type: 'range-released', correlation });
  expect(toSuccessor).toMatchObject({
    to: member('5').chord,
    message: { type: 'member-leaving', leaver: member('4'), owns: true, ownedFrom: at('3'), epoch: 1 },
  });
  const [toPredecessor] = peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
  expect(toPredecessor).toMatchObject({ to: member('3').chord, message: { type: 'member-leaving', owns: false } });
  expect(peer.state.owns).toBe(false);
  const last = peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
  expect(last).toMatchObject([
    { to: service, message: { type: 'range-changed', owns: false } },
    { to: membership, message: { type: 'peer-changed', phase: 'left' } },
    { to: replyTo, message: { type: 'ring-left', correlation: 8 } },
  ]);
});

it('rule 6: "A planned leave first checks that no member loses its last live successor and r+1 principals stay"', () => {
  const four = ringOfKeys(['1', '4', '8', 'c'].map(at), 3);
  const peer = new PeerAlone({ self: four.members[1]!, founding: four });
  expect(peer.tell({ type: 'leave-ring', replyTo, correlation: 8 })).toEqual(
    refusal('at least 4 other peers must stay in the ring, and this one knows 3'),
  );
  // The fresh list counts as well.
  expect(leaver({}, { successors: [member('6'), member('4')], predecessor: member('4') }).sent).toEqual(
    refusal('at least 4 other peers'),
  );
  const last = peerAt('3');
  last.tell({ type: 'members-lost', hosts: [], members: [member('5'), member('6')] });
  const leaving = leavingOf('4', { owns: false });
  expect(last.tell(leaving)).toEqual([]);
  expect(names(last.state.successors)).toBe('4');
});

describe('rule 7', () => {
  it('pointers are pending while the neighbours are asked, and a peer that has left is silent', () => {
    const { peer } = leaver();
    const read = { type: 'read-pointers', replyTo: stranger, correlation: 3, versionKnown: 0 } as const;
    expect(types(peer.tell(read))).toBe('pointers-pending');
    peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
    peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
    expect(peer.state.phase).toBe('left');
    expect(peer.tell(read)).toEqual([]);
    expect(peer.tell(rectify('38'))).toEqual([]);
    expect(peer.tell({ type: 'stabilise-due' })).toEqual([]);
  });

  it('what is left of a peer hands questions on, and says ring-left to whoever asks again', () => {
    const { peer } = leaver();
    peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
    peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
    const question = { type: 'find-successor', key: at('4'), replyTo: makeAddress<never>(0, 0, 99), hops: 0 } as const;
    expect(peer.tell({ ...question, correlation: 1 } as never)).toMatchObject([{ to: member('c').chord }]);
    expect(types(peer.tell({ type: 'leave-ring', replyTo, correlation: 9 }))).toBe('ring-left');
  });
});

describe('a leave ends early, and the peer stays,', () => {
  it('when the successor does not answer', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'leave-ring', replyTo, correlation: 8 });
    peer.now = 1_000;
    expect(peer.tell({ type: 'query-due', correlation: peer.state.correlation })).toEqual(refusal('does not answer'));
    expect(peer.state.phase).toBe('member');
    const { peer: other } = leaver();
    const sent = other.tell({ type: 'query-due', correlation: other.state.correlation });
    expect(sent).toEqual(refusal('does not answer'));
    expect(other.state).toMatchObject({ phase: 'member', owns: true });
  });

  it('when its own range or that of the successor is changing', () => {
    expect(leaver({}, { owns: false }).sent).toEqual(refusal('the range of the successor is changing'));
    const busy = peerAt('4', undefined, { service });
    busy.tell(rectify('38', { service: theirService }));
    expect(busy.tell({ type: 'leave-ring', replyTo, correlation: 8 })).toEqual(
      refusal('range of this peer is changing'),
    );
  });

  it('when the successor changed while the data was handed over', () => {
    const { peer, sent } = leaver({ service }, { service: theirService });
    peer.tell({ type: 'members-lost', hosts: [], members: [member('5')] });
    const { correlation } = sent[0]!.message as HandRange;
    expect(peer.tell({ type: 'range-released', correlation }).at(-1)).toEqual(refusal('changed meanwhile')[0]);
  });

  it('when the records are not handed over within a minute', () => {
    const { peer } = leaver({ service }, { service: theirService });
    peer.now = 59_000;
    expect(types(peer.tell({ type: 'stabilise-due' }))).toBe('read-pointers');
    peer.now = 60_000;
    expect(peer.tell({ type: 'stabilise-due' })[0]).toEqual(refusal('within a minute')[0]);
  });

  it('when it is leaving already: the first one goes on', () => {
    const { peer } = leaver();
    expect(peer.tell({ type: 'leave-ring', replyTo, correlation: 8 })).toEqual(refusal('leaving already'));
    expect(peer.state.phase).toBe('leaving');
  });
});

it('a silent predecessor does not hold up a peer whose successor has taken over', () => {
  const { peer } = leaver();
  peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation });
  expect(types(peer.tell({ type: 'query-due', correlation: peer.state.correlation }))).toBe(
    'range-changed peer-changed ring-left',
  );
  expect(peer.tell({ type: 'leaving-noted', correlation: peer.state.correlation })).toEqual([]);
});

it('a joiner that is asked to leave has left', () => {
  const joiner = new PeerAlone({ membership });
  expect(types(joiner.tell({ type: 'leave-ring', replyTo, correlation: 8 }))).toBe('peer-changed ring-left');
  expect(joiner.tell({ type: 'join-due' })).toEqual([]);
});

function leavingOf(digits: string, more: Partial<MemberLeaving> = {}): MemberLeaving {
  const range = { owns: true, ownedFrom: at('3'), epoch: 40 };
  const pointers = { predecessor: member('3'), successors: [member('5')] };
  return { type: 'member-leaving', leaver: member(digits), ...pointers, ...range, correlation: 6, ...more };
}

describe('member-leaving', () => {
  it('the successor takes the range with a higher epoch, and waits for its new predecessor', () => {
    const peer = peerAt('5');
    const sent = peer.tell(leavingOf('4'));
    expect(types(sent)).toBe('range-changed rectify leaving-noted');
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('3'), predecessor: member('5') });
    expect(peer.state.epoch).toBeGreaterThan(40);
    peer.tell(rectify('3', { owns: true, epoch: 1 }));
    expect(peer.state.predecessor).toBe(member('3'));
    expect(peer.state.ownedFrom).toBe(at('3'));
  });

  it('the predecessor shifts its list and reads its next successor at once', () => {
    const peer = peerAt('3');
    const sent = peer.tell(leavingOf('4', { owns: false }));
    expect(sent.map(({ to }) => to)).toEqual([member('4').chord, member('5').chord]);
    expect(names(peer.state.successors)).toBe('5 6');
  });

  it('is not noted by a peer that owns something else, hands a range over, or leaves itself', () => {
    expect(peerAt('6').tell(leavingOf('4'))).toEqual([]);
    const busy = peerAt('5', undefined, { service });
    busy.tell(rectify('48', { service: theirService }));
    expect(busy.tell(leavingOf('4'))).toEqual([]);
    const { peer } = leaver();
    expect(peer.tell(leavingOf('3', { owns: false }))).toEqual([]);
  });
});
