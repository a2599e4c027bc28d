// When a dispatcher says that it can serve, and how it comes to know the ring when its first question is lost.
import { type Address, makeAddress } from '@chordial/actor';
import type { ChordMessage, FindSuccessor, Member, RingChanged, WatchRing } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import { describe, expect, test } from 'vitest';
import { brokenInvariant, requestText, TestHost } from './host.fixture.ts';
import type { AttachPeers } from './protocol.ts';

const SLOW_MEMBERSHIP_AT = 21;
const CHORD = 32 as Address<FindSuccessor>;
const slowMembership = 21 as Address<WatchRing>;
const readyOf = (host: TestHost): string[] => host.reports.filter((report) => report.endsWith('dispatcher-ready'));

/** A membership that answers the question with this number only, counted from 1. */
function answerQuestion(host: TestHost, number: number): { asked: number } {
  const heard = { asked: 0 };
  host.lanes[0]!.kernel.spawnRoot<undefined, WatchRing, undefined>(
    {
      name: 'slow-membership',
      init: () => undefined,
      step: (_state, { message }, out) => {
        heard.asked++;
        const changed: RingChanged = { type: 'ring-changed', epoch: 1, members: host.members };
        if (heard.asked === number) out.send(message.replyTo, changed);
      },
      mailbox: { messagesMax: 10, overflow: 'drop-newest' },
    },
    undefined,
    SLOW_MEMBERSHIP_AT,
  );
  return heard;
}

describe('dispatcher-ready', () => {
  test('comes once from every lane, when the ring is known and the peers are attached', () => {
    const host = new TestHost({ lanesCount: 2 });
    expect(readyOf(host)).toEqual(['0: dispatcher-ready', '1: dispatcher-ready']);
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, { type: 'attach-peers', peers: [] } as never);
    host.settle();
    expect(readyOf(host)).toHaveLength(2);
  });

  test('does not come before the peers are attached; a lane without peers attaches none', () => {
    const host = new TestHost({ attach: false });
    expect(readyOf(host)).toEqual([]);
    const attach: AttachPeers = { type: 'attach-peers', peers: [] };
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, attach);
    host.settle();
    expect(readyOf(host)).toEqual(['0: dispatcher-ready']);
  });

  test('of a host that joins: comes with the members, though its own peers own nothing yet', () => {
    const host = new TestHost({ own: false, dispatcher: { membership: 0 as Address<WatchRing>, chord: CHORD } });
    const tell = (epoch: number, members: readonly Member[]): void => {
      const changed: RingChanged = { type: 'ring-changed', epoch, members };
      host.send(0, host.lanes[0]!.dispatcher as Address<never>, changed);
      host.settle();
    };
    tell(0, []);
    expect(readyOf(host)).toEqual([]);
    tell(1, host.members);
    expect(readyOf(host)).toEqual(['0: dispatcher-ready']);
  });

  test('in a ring too large for lists: comes when a peer of the lane is in the ring', () => {
    const host = new TestHost({ own: false, dispatcher: { membership: 0 as Address<WatchRing>, chord: CHORD } });
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, { type: 'ring-changed', epoch: 1, members: [] } as never);
    host.settle();
    expect(readyOf(host)).toEqual([]);
    const [self] = host.members as [Member];
    host.tellRange({ type: 'range-changed', self, owns: false, from: self.key, epoch: 1 });
    host.settle();
    expect(readyOf(host)).toEqual(['0: dispatcher-ready']);
  });

  test('does not wait for the ring with finger routing, which asks it for each request', () => {
    const host = new TestHost({ dispatcher: { routing: 'fingers', chord: 20 as Address<FindSuccessor> } });
    expect(readyOf(host)).toEqual(['0: dispatcher-ready']);
    expect(host.trace.filter((line) => line.endsWith('ring-changed'))).toEqual([]);
  });
});

test('watch-ring-due: a dispatcher that was not told the ring asks every second until it is, and no more', () => {
  const host = new TestHost({ dispatcher: { membership: slowMembership } });
  const heard = answerQuestion(host, 3);
  host.advance(2_999);
  expect(heard.asked).toBe(2);
  expect(readyOf(host)).toEqual([]);
  host.advance(1);
  expect(readyOf(host)).toEqual(['0: dispatcher-ready']);
  host.send(0, host.lanes[0]!.dispatcher as Address<never>, { type: 'watch-ring-due' });
  host.advance(60_000);
  expect(heard.asked).toBe(3);
  expect(host.exchange(requestText())[0]?.text).toMatch(/^SIP\/2\.0 200 /);
});

test('twenty thousand peers of a lane are attached and sorted by what they say they own', () => {
  const host = new TestHost({ peersPerLane: 1, attach: false, own: false });
  const members = Array.from({ length: 20_000 }, (_, i) => ({
    ...host.members[0]!,
    key: ringKeyFromText(`many ${i}`),
    chord: makeAddress<ChordMessage>(0, 0, 2_000 + i),
  }));
  members.sort((a, b) => (a.key < b.key ? -1 : 1));
  const front = host.lanes[0]!.dispatcher as Address<never>;
  const peers = members.map(({ chord }) => [chord, 99 as Address<RequestReceived>] as const);
  host.send(0, front, { type: 'attach-peers', peers } as never);
  members.forEach((self, i) => {
    host.tellRange({ type: 'range-changed', self, owns: true, from: members.at(i - 1)!.key, epoch: 1 });
    if (i % 1_000 === 0) host.settle();
  });
  host.settle();
  const { ranges } = host.dispatcherState();
  expect(ranges.ownersCount).toBe(20_000);
  for (let i = 0; i < 1_000; i++) {
    const key = ringKeyFromText(`user ${i}`);
    expect(ranges.ownerOf(key)?.range.self).toBe(members.find((member) => member.key >= key) ?? members[0]);
  }
  expect(brokenInvariant(host)).toBeUndefined();
});
