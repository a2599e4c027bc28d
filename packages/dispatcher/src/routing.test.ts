// From a request to its owner: both routings, moves of the ring, and what happens when something on the way is full.
import type { Address } from '@chordial/actor';
import type { FindSuccessor, Member, SuccessorFound, WatchRing } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import { describe, expect, test } from 'vitest';
import { brokenInvariant, requestText, TestHost } from './host.fixture.ts';
import type { AttachPeers, DetachPeer, ForwardRequest, LookedUp, LookUp, LookUpFailed } from './protocol.ts';

const statusOf = (text: string | undefined): string => text?.split('\r\n')[0] ?? 'nothing';
const unavailable = 'SIP/2.0 503 Service Unavailable';

/** A root actor of a lane that keeps what it hears. */
function listen<M extends { readonly type: string }>(host: TestHost, lane = 0): { address: Address<M>; heard: M[] } {
  const heard: M[] = [];
  const address = host.lanes[lane]!.kernel.spawnRoot<undefined, M, undefined>(
    {
      name: 'listener',
      init: () => undefined,
      step: (_state, { message }) => {
        heard.push(message);
      },
      mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    },
    undefined,
  );
  return { address, heard };
}

/** The peer says that it owns from its predecessor on. */
function own(host: TestHost, self: Member): void {
  const from = host.members.at(host.members.indexOf(self) - 1)!.key;
  host.tellRange({ type: 'range-changed', self, owns: true, from, epoch: 1 });
}

describe('one user, one owner', () => {
  test('every spelling of an address-of-record reaches the same peer (RFC 3261 19.1.4)', () => {
    const host = new TestHost({ lanesCount: 4, peersPerLane: 8 });
    const names = ['example.com', 'EXAMPLE.com', 'Example.com.', '127.0.0.1', '[::1]', '[0:0:0:0:0:0:0:1]', '[0::01]'];
    for (const name of names) {
      host.exchange(requestText({ host: name, branch: `z9hG4bK${host.served.length}` }));
    }
    host.exchange(requestText({ branch: 'z9hG4bKe' }).replace('To: <sip:alice', 'To: <sip:%61lice'));
    expect(host.served).toHaveLength(names.length + 1);
    expect(new Set(host.served.map(({ lane }) => lane)).size).toBe(1);
    expect(new Set(host.served.map(({ request }) => request.aor))).toEqual(new Set(['alice@example.com']));
  });

  test('a user of two thousand octets goes to the owner of its key like any other', () => {
    const host = new TestHost({ lanesCount: 2, peersPerLane: 8 });
    const users = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(2_000));
    for (const user of users) host.exchange(requestText({ user, branch: `z9hG4bK${user[0]}` }));
    const lanes = users.map((user) => host.laneOf(`${user}@example.com`));
    expect(host.served.map(({ lane }) => lane)).toEqual(lanes);
  });

  test('REGISTER goes by To, OPTIONS by the Request-URI (DESIGN section 8)', () => {
    const host = new TestHost({ lanesCount: 2 });
    const [here, there] = [host.userOn(0), host.userOn(1)];
    host.exchange(requestText({ user: there }));
    host.exchange(requestText({ method: 'OPTIONS', uri: `sip:${here}@example.com`, user: there }));
    expect(host.served.map(({ lane }) => lane)).toEqual([1, 0]);
  });
});

describe('the ring moves', () => {
  test('until the ring is known a request for a user rests, and is told 503 with Retry-After at last', () => {
    const host = new TestHost({ own: false, dispatcher: { membership: 0 as Address<WatchRing> } });
    expect(host.exchange(requestText())).toEqual([]);
    host.advance(1_000);
    expect(host.datagrams.map(({ text }) => statusOf(text))).toEqual([unavailable]);
    expect(host.datagrams[0]?.text).toContain('\r\nRetry-After: 1\r\n');
  });

  test('a peer that is not attached yet, or no more: 503; attached again: served', () => {
    const host = new TestHost({ peersPerLane: 1, attach: false });
    expect(statusOf(host.exchange(requestText())[0]?.text)).toBe(unavailable);
    const service = listen<RequestReceived>(host);
    const front = host.lanes[0]!.dispatcher as Address<never>;
    const attach: AttachPeers = { type: 'attach-peers', peers: [[host.members[0]!.chord, service.address]] };
    host.send(0, front, attach);
    host.exchange(requestText({ branch: 'z9hG4bK2' }));
    expect(service.heard).toHaveLength(1);
    const detach: DetachPeer = { type: 'detach-peer', chord: host.members[0]!.chord };
    host.send(0, front, detach);
    host.exchange(requestText({ branch: 'z9hG4bK3' }));
    host.advance(1_000);
    expect(host.datagrams.map(({ text }) => statusOf(text))).toEqual([unavailable, unavailable]);
    expect(service.heard).toHaveLength(1);
    expect(brokenInvariant(host)).toBeUndefined();
  });

  test('a newer epoch replaces the ring, an older one is not believed', () => {
    const host = new TestHost({ lanesCount: 3 });
    const user = host.userOn(1);
    const front = host.lanes[0]!.dispatcher as Address<never>;
    const moved = host.members.map((member) => ({ ...member, lane: member.lane === 1 ? 2 : member.lane }));
    host.send(0, front, { type: 'ring-changed', epoch: 5, members: moved } as never);
    host.send(0, front, { type: 'ring-changed', epoch: 4, members: host.members } as never);
    host.exchange(requestText({ user }));
    expect(host.trace.slice(-8).filter((line) => line.endsWith('forward-request'))).toEqual([
      '2: dispatcher <- forward-request',
      '1: dispatcher <- forward-request',
    ]);
    expect(host.served.map(({ lane }) => lane)).toEqual([1]);
  });
});

describe('overload', () => {
  test('a full link to the lane of the owner: 503 with Retry-After, at once and once', () => {
    const host = new TestHost({ lanesCount: 2 });
    host.linksFull = true;
    const sent = host.exchange(requestText({ user: host.userOn(1) }));
    expect(sent.map(({ text }) => statusOf(text))).toEqual([unavailable]);
    expect(host.dispatcherState().counts.refused).toBe(1);
  });

  test('a flood in one turn is answered message by message, each with its own octets', () => {
    const host = new TestHost();
    for (let i = 0; i < 3_000; i++) host.receive(requestText({ method: 'OPTIONS', branch: `z9hG4bK${i}` }));
    host.settle();
    expect(host.datagrams).toHaveLength(3_000);
    for (const [i, { text }] of host.datagrams.entries()) expect(text).toContain(`branch=z9hG4bK${i};`);
  });
});

describe('fingers', () => {
  function fingersHost(limits = {}): {
    host: TestHost;
    asked: FindSuccessor[];
    answer: (question: FindSuccessor) => void;
  } {
    const host = new TestHost({
      lanesCount: 2,
      own: false,
      dispatcher: { routing: 'fingers', chord: 20 as Address<FindSuccessor>, ...limits },
    });
    // In the ring, but those of lane 0 wait for their ranges.
    for (const self of host.members) {
      if (self.lane === 1) own(host, self);
      else host.tellRange({ type: 'range-changed', self, owns: false, from: self.key, epoch: 1 });
    }
    host.settle();
    const { asked } = host;
    const answer = ({ key, correlation, trace, replyTo }: FindSuccessor): void => {
      const owner = host.members.find((member) => member.key >= key) ?? host.members[0]!;
      if (owner.lane === 0) own(host, owner);
      const found: SuccessorFound = {
        type: 'successor-found',
        correlation,
        key,
        owner,
        hops: 2,
        ...(trace && { trace }),
      };
      host.send(0, replyTo as Address<never>, found);
      host.settle();
    };
    return { host, asked, answer };
  }

  test.each([0, 1])('a request waits with its octets until the ring names the owner, on lane %i', (lane) => {
    const { host, asked, answer } = fingersHost();
    const user = host.userOn(lane);
    expect(host.exchange(requestText({ user }))).toEqual([]);
    expect(asked.map(({ key }) => key)).toEqual([ringKeyFromText(`${user}@example.com`)]);
    host.advance(500);
    answer(asked[0]!);
    expect(host.datagrams.map(({ text }) => statusOf(text))).toEqual(['SIP/2.0 200 OK']);
    expect(host.served.map((served) => served.lane)).toEqual([lane]);
  });

  test('without an answer in time: 503, and a late answer changes nothing', () => {
    const { host, asked, answer } = fingersHost({ lookupMsMax: 2_000 });
    host.exchange(requestText());
    host.advance(1_000);
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, { type: 'lookups-due' });
    host.settle();
    expect(host.datagrams).toEqual([]);
    host.exchange(requestText({ branch: 'z9hG4bK2' }));
    host.advance(1_000);
    expect(host.datagrams.map(({ text }) => statusOf(text))).toEqual([unavailable]);
    answer(asked[0]!);
    expect(host.datagrams).toHaveLength(1);
    expect(host.dispatcherState().counts.answersLate).toBe(1);
    host.advance(2_000);
    expect(host.datagrams).toHaveLength(2);
    expect(host.dispatcherState().lookups.count).toBe(0);
    expect(host.dispatcherState().lookups.bytesCount).toBe(0);
  });

  test.each([{ lookupsMax: 2 }, { lookupBytesMax: 800 }])('the waiting room is bounded, then 503: %o', (limits) => {
    const { host, asked } = fingersHost(limits);
    for (let i = 0; i < 3; i++) host.exchange(requestText({ branch: `z9hG4bK${i}` }));
    expect(asked).toHaveLength(2);
    expect(host.datagrams.map(({ text }) => statusOf(text))).toEqual([unavailable]);
  });

  test('a request forwarded to a peer that is not here asks the ring anew, within hopsMax', () => {
    const { host, asked } = fingersHost({ hopsMax: 1 });
    const bytes = new Uint8Array(Buffer.from(requestText({ user: host.userOn(1) }), 'latin1'));
    const request: ForwardRequest = {
      type: 'forward-request',
      bytes,
      start: 0,
      end: bytes.length,
      address: '192.0.2.4',
      port: 5060,
      hops: 1,
      owner: ringKeyFromText('gone'),
    };
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, request);
    host.settle();
    expect(asked).toHaveLength(1);
  });
});

describe('look-up', () => {
  const lookUp = (host: TestHost): (LookedUp | LookUpFailed)[] => {
    const { address, heard } = listen<LookedUp | LookUpFailed>(host);
    const question: LookUp = {
      type: 'look-up',
      aor: `${host.userOn(1)}@example.com`,
      replyTo: address,
      correlation: 9,
    };
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, question);
    host.settle();
    return heard;
  };

  test('one-hop: the owner and the one hop to its lane', () => {
    const host = new TestHost({ lanesCount: 2 });
    const [found] = lookUp(host);
    expect(found).toMatchObject({ type: 'looked-up', correlation: 9, routing: 'one-hop', hops: 1, owner: { lane: 1 } });
    const reply = found as LookedUp;
    expect(reply.trace).toEqual([reply.owner.key]);
  });

  test('one-hop: an owner on another host is one hop away, one that only the ring knows as many as the ring says', () => {
    const host = new TestHost({ hostsCount: 2, peersPerLane: 2 });
    const [found] = lookUp(host);
    expect(found).toMatchObject({ type: 'looked-up', routing: 'one-hop', hops: 1, owner: { host: 2 } });
    const { key, owner } = found as LookedUp;
    const [mine, other] = host.members.filter((member) => member.host === 1) as [Member, Member];
    const listed = [mine, other].toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const front = host.lanes[0]!.dispatcher as Address<never>;
    host.send(0, front, { type: 'ring-changed', epoch: 9, members: listed } as never);
    host.ringSays = () => owner;
    const [asked] = lookUp(host);
    expect(host.asked).toMatchObject([{ key, trace: [] }]);
    expect(asked).toMatchObject({ routing: 'fingers', hops: 1, owner, trace: [owner.key] });
  });

  test('fingers: the way that the ring took, the owner last', () => {
    const host = new TestHost({
      lanesCount: 2,
      dispatcher: { routing: 'fingers', chord: 20 as Address<FindSuccessor> },
    });
    const heard = lookUp(host);
    const between = ringKeyFromText('between');
    const owner = host.members[1]!;
    const found = { type: 'successor-found', correlation: 1, key: owner.key, owner, hops: 2, trace: [between] };
    host.send(0, host.lanes[0]!.dispatcher as Address<never>, found as never);
    host.settle();
    expect(heard).toMatchObject([{ type: 'looked-up', routing: 'fingers', hops: 2, trace: [between, owner.key] }]);
  });

  test('it fails with a sentence while the ring is unknown, or when it does not answer', () => {
    const unknown = lookUp(
      new TestHost({ lanesCount: 2, own: false, dispatcher: { membership: 0 as Address<WatchRing> } }),
    );
    expect(unknown).toEqual([{ type: 'look-up-failed', correlation: 9, sentence: 'the ring is not known yet' }]);
    const host = new TestHost({
      lanesCount: 2,
      dispatcher: { routing: 'fingers', chord: 20 as Address<FindSuccessor> },
    });
    const heard = lookUp(host);
    host.advance(2_000);
    expect(heard).toEqual([{ type: 'look-up-failed', correlation: 9, sentence: 'the ring did not answer' }]);
    expect(host.trace).toContain('0: dispatcher <- lookups-due');
  });
});
