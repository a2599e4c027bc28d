// Routing at one peer: who is answered, who is asked next, and what happens when the way is cut.
import { makeAddress } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { PeerAlone } from '../bench/peer-alone.ts';
import { loneHostRing } from '../bench/ring-on-one-lane.ts';
import { at, member, names, peerAt, pointers, rectify } from './digits.fixture.ts';
import type { FindSuccessor, SuccessorFound } from './protocol.ts';

const asker = makeAddress<SuccessorFound>(0, 0, 99);
const question = (key: string, more: Partial<FindSuccessor> = {}): FindSuccessor => {
  return { type: 'find-successor', key: at(key), replyTo: asker, correlation: 7, hops: 0, ...more };
};

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

describe('while a range changes its owner', () => {
  const ownerOf = (peer: PeerAlone, key: string) =>
    names([(peer.tell(question(key))[0]!.message as SuccessorFound).owner]);

  it('the old owner answers until it has handed the range over, although its predecessor is another', () => {
    const peer = peerAt('4', undefined, { service: makeAddress(0, 0, 9) });
    peer.tell(rectify('38', { service: makeAddress(1, 0, 9) as never }));
    expect(names([peer.state.predecessor])).toBe('38');
    expect(ownerOf(peer, '35')).toBe('4');
    peer.tell({ type: 'range-released', correlation: peer.state.correlation });
    expect(peer.tell(question('35'))[0]!.message.type).toBe('find-successor');
  });

  it('a peer that waits for its range names the successor that still serves it', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    peer.tell(pointers(peer, '5', '4', '6 7 8', { ownedFrom: at('3'), epoch: 2 }));
    expect(peer.state.owns).toBe(false);
    expect(ownerOf(peer, '35')).toBe('5');
  });

  it('the successor is asked when it was read to own nothing yet', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    peer.tell(pointers(peer, '5', '4', '6 7 8', { owns: false }));
    expect(peer.tell(question('48'))).toEqual([{ to: member('5').chord, message: question('48', { hops: 1 }) }]);
  });
});

it('a question that comes back, as message-refused, goes round whoever cannot be reached; other words are lost', () => {
  const peer = peerAt('4');
  const refuse = (to: string, key: string) =>
    peer.tell({ type: 'message-refused', to: member(to).chord as never, message: question(key, { hops: 1 }) });
  expect(refuse('c', 'd')).toEqual([{ to: member('8').chord, message: question('d', { hops: 2 }) }]);
  expect(refuse('8', '9')).toEqual([{ to: member('7').chord, message: question('9', { hops: 2 }) }]);
  expect(refuse('5', '58')).toEqual([]);
  // One that was dropped meanwhile is not among the ways any more.
  expect(refuse('99', '9')).toEqual([{ to: member('8').chord, message: question('9', { hops: 2 }) }]);
  expect(peer.tell({ type: 'message-refused', to: member('5').chord as never, message: rectify('4') })).toEqual([]);
  expect(peer.tell({ type: 'child-stopped', child: member('5').chord as never })).toEqual([]);
});
