// Fix-fingers: what is looked up, what an answer changes, and how the period backs off.
import { describe, expect, it } from 'vitest';
import type { PeerAlone } from '../bench/peer-alone.ts';
import { loneHostRing, RingOnOneLane } from '../bench/ring-on-one-lane.ts';
import { at, member, names, peerAt } from './digits.fixture.ts';
import { foundingPointers } from './pointers.ts';
import type { FindSuccessor } from './protocol.ts';

/** One tick; the key that is looked up, if any. */
function due(peer: PeerAlone): FindSuccessor | undefined {
  return peer.tell({ type: 'fix-fingers-due' })[0]?.message as FindSuccessor | undefined;
}

function answer(peer: PeerAlone, { key, correlation }: FindSuccessor, owner: string): void {
  peer.tell({ type: 'successor-found', correlation, key, owner: member(owner), hops: 1 });
}

const periods = (peer: PeerAlone): number[] =>
  peer.timers.filter(({ message }) => message.type === 'fix-fingers-due').map(({ delayMs }) => delayMs);

describe('fix-fingers-due', () => {
  it('looks up one finger, the nearest first, beyond what the successor list holds', () => {
    const peer = peerAt('4');
    const keys: string[] = [];
    for (let tick = 0; tick < 4; tick++) {
      const asked = due(peer)!;
      keys.push(asked.key.slice(0, 1));
      expect(asked).toMatchObject({ replyTo: member('4').chord, hops: 0 });
      answer(peer, asked, asked.key.slice(0, 1));
    }
    expect(keys).toEqual(['8', 'c', '8', 'c']);
    expect(names(peer.state.fingers)).toBe('8 c');
  });

  it('backs off from 1 s to 64 s while nothing changes, with jitter, and 4 s where nobody reports the dead', () => {
    for (const membership of [undefined, member('1').chord as never]) {
      const peer = peerAt('4', undefined, membership === undefined ? {} : { membership });
      peer.state.fingerQuietRounds = 0;
      for (let tick = 0; tick < 40; tick++) {
        const asked = due(peer)!;
        answer(peer, asked, asked.key.slice(0, 1));
      }
      const last = periods(peer).at(-1)!;
      const longest = membership === undefined ? 4_000 : 64_000;
      expect(last).toBeLessThanOrEqual(longest);
      expect(last).toBeGreaterThanOrEqual(longest / 2);
    }
  });

  it('a finger that changed, or was lost, starts again at 1 s', () => {
    const peer = peerAt('4');
    answer(peer, due(peer)!, '88');
    expect(names(peer.state.fingers)).toBe('88 c');
    due(peer);
    expect(periods(peer).at(-1)).toBeLessThanOrEqual(1_000);
    const other = peerAt('4');
    other.tell({ type: 'members-lost', hosts: [], members: [member('c')] });
    expect(periods(other).at(-1)).toBeLessThanOrEqual(1_000);
  });

  it('an answer removes what stands before the owner found, also when that is at home or in the list', () => {
    const peer = peerAt('4');
    answer(peer, due(peer)!, 'd');
    expect(names(peer.state.fingers)).toBe('d');
    const other = peerAt('4');
    answer(other, due(other)!, '8');
    answer(other, due(other)!, '4');
    expect(names(other.state.fingers)).toBe('8');
  });

  it('a look-up that is not answered drops the finger it went over', () => {
    const peer = peerAt('4');
    answer(peer, due(peer)!, '8');
    expect(due(peer)!.key).toBe(at('c'));
    due(peer);
    expect(names(peer.state.fingers)).toBe('c');
    peer.tell({ type: 'successor-found', correlation: 1, key: at('c'), owner: member('9'), hops: 1 });
    expect(names(peer.state.fingers)).toBe('c');
  });

  it('a ring that fits in the successor list has none to look up', () => {
    const lane = new RingOnOneLane(loneHostRing(9));
    lane.stepped = (_, message) => expect(message.type).not.toBe('find-successor');
    lane.advance(20_000);
    expect(lane.states().every(({ fingers }) => fingers.length === 0)).toBe(true);
  });
});

it('a founding ring looks up what its founders computed', () => {
  const lane = new RingOnOneLane(loneHostRing(100));
  lane.advance(60_000);
  lane.states().forEach(({ fingers }, i) => {
    expect(fingers).toEqual(foundingPointers(lane.ring, i).fingers);
  });
});
