// A ring of several hosts while it moves: joins, hand-overs, leaves and deaths seen from lanes that know of them at different
// times. Whatever the lists say, the peer that owns the key serves the request, once, and the answer leaves where the client is.
import type { Member } from '@chordial/chord/protocol';
import { parseRingKey, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, test } from 'vitest';
import { brokenInvariant, requestText, TestHost, type TestHostOptions } from './host.fixture.ts';

const statusOf = (text: string | undefined): string => text?.split('\r\n')[0] ?? 'nothing';
const ok = 'SIP/2.0 200 OK';
const unavailable = 'SIP/2.0 503 Service Unavailable';

/**
 * Hosts 1, 2, 3 with one peer each, in the order A, B, C of their keys, and a user whose key lies between A and B: `mover` is B, its
 * successor C, both on other hosts than `edge`, which is the thread of A.
 */
function threeHosts(options: TestHostOptions = {}) {
  const host = new TestHost({ hostsCount: 3, peersPerLane: 1, dispatcher: { hopsMax: 24 }, ...options });
  const [a, b, c] = host.members as [Member, Member, Member];
  let user = '';
  for (let i = 0; user === ''; i++) if (owner(host.members, `user${i}@example.com`) === b) user = `user${i}`;
  return { host, a, b, c, user, edge: host.threadOf(a), text: requestText({ user }) };
}
const owner = (members: readonly Member[], aor: string): Member =>
  members.find(({ key }) => key >= ringKeyFromText(aor)) ?? members[0]!;

function tellRing(host: TestHost, members: readonly Member[], epoch = 2, threads = host.lanes.keys()): void {
  for (const thread of threads) {
    const changed = { type: 'ring-changed', epoch, members };
    host.send(thread, host.lanes[thread]!.dispatcher as Address, changed as never);
  }
}
type Address = Parameters<TestHost['send']>[1];

function tellRange(host: TestHost, self: Member, from: RingKey | 'nothing'): void {
  const owns = from !== 'nothing';
  host.tellRange({ type: 'range-changed', self, owns, from: owns ? from : self.key, epoch: 2 });
}
const answers = (host: TestHost): string[] => host.datagrams.map(({ lane, text }) => `${lane} ${statusOf(text)}`);
const servedAt = (host: TestHost): number[] => host.served.map(({ lane }) => lane);
const forwards = (host: TestHost): number =>
  host.trace.filter((line) => line.endsWith('dispatcher <- forward-request')).length;

describe('a request that came to another host than its owner', () => {
  test('is served there, in one hop, and answered by the socket that the client has talked to', () => {
    const { host, b, edge, text } = threeHosts();
    host.exchange(text, '192.0.2.4:40000', edge);
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`]);
    expect(host.datagrams[0]?.to).toBe('192.0.2.4:40000');
    expect(forwards(host)).toBe(1);
  });

  test('a client without rport is answered at the port of its Via, still by its edge', () => {
    const { host, edge, user } = threeHosts();
    host.exchange(requestText({ user, via: 'SIP/2.0/UDP 192.0.2.4:5070;branch=z9hG4bK1' }), '192.0.2.4:40000', edge);
    expect(host.datagrams.map(({ lane, to }) => `${lane} ${to}`)).toEqual([`${edge} 192.0.2.4:5070`]);
  });

  test('a retransmission by another host is absorbed by the same owner, and answered where it came from', () => {
    const { host, b, c, edge, text } = threeHosts();
    const other = host.threadOf(c);
    const [first] = host.exchange(text, '192.0.2.4:40000', edge);
    const [second] = host.exchange(text, '192.0.2.4:40000', other);
    const [third] = host.exchange(text, '192.0.2.4:40000', host.threadOf(b));
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect([first?.lane, second?.lane, third?.lane]).toEqual([edge, other, host.threadOf(b)]);
    expect(second?.text).toBe(first?.text);
    expect(third?.text).toBe(first?.text);
  });

  test('an answer without a transaction leaves by the edge as well', () => {
    const { host, b, edge, text } = threeHosts({ attach: false });
    host.exchange(text, '192.0.2.4:40000', edge);
    expect(answers(host)).toEqual([`${edge} ${unavailable}`]);
    expect(host.trace.filter((line) => line.endsWith('dispatcher <- forward-request'))).toEqual([
      `${host.threadOf(b)}: dispatcher <- forward-request`,
    ]);
  });
});

describe('join', () => {
  test('the joiner is listed and owns nothing yet: its successor serves until the hand-over', () => {
    const { host, a, b, c, edge, text } = threeHosts();
    tellRange(host, b, 'nothing');
    tellRange(host, c, a.key);
    host.exchange(text, undefined, edge);
    host.exchange(text.replace('z9hG4bK1', 'z9hG4bK2'), undefined, host.threadOf(b));
    expect(servedAt(host)).toEqual([host.threadOf(c), host.threadOf(c)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`, `${host.threadOf(b)} ${ok}`]);
    expect(host.asked).toEqual([]);
  });

  test('handed over, and not listed yet: the old owner asks the ring, which names the joiner', () => {
    const { host, a, b, c, edge, text } = threeHosts();
    tellRing(host, [a, c]);
    tellRange(host, c, b.key);
    host.ringSays = () => b;
    host.exchange(text, undefined, edge);
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`]);
    expect(host.asked).toHaveLength(1);
  });

  test('given away by the one and not yet taken by the other: the request rests and is served when it is taken', () => {
    const { host, b, c, edge, text } = threeHosts();
    tellRange(host, b, 'nothing');
    tellRange(host, c, b.key);
    host.exchange(text, undefined, edge);
    expect(answers(host)).toEqual([]);
    host.advance(150);
    tellRange(host, b, host.members[0]!.key);
    host.advance(150);
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`]);
  });

  test('a newcomer whose own peers own nothing is an edge already', () => {
    const { host, b, c, text } = threeHosts();
    tellRange(host, c, 'nothing');
    tellRing(host, host.members.slice(0, 2));
    host.exchange(text, undefined, host.threadOf(c));
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect(answers(host)).toEqual([`${host.threadOf(c)} ${ok}`]);
  });

  test('a joiner on the lane of its successor: served there without another hop', () => {
    const host = new TestHost({ peersPerLane: 3 });
    const [, b, c] = host.members as [Member, Member, Member];
    tellRange(host, b, 'nothing');
    tellRange(host, c, host.members[0]!.key);
    for (let i = 0; i < 30; i++) host.exchange(requestText({ user: `user${i}`, branch: `z9hG4bK${i}` }));
    expect(host.served).toHaveLength(30);
    expect(host.datagrams.every(({ text }) => statusOf(text) === ok)).toBe(true);
  });
});

describe('leave', () => {
  test('the leaver is still listed and owns nothing more: its successor serves', () => {
    const { host, a, b, c, edge, text } = threeHosts();
    tellRange(host, c, a.key);
    tellRange(host, b, 'nothing');
    host.exchange(text, undefined, edge);
    expect(servedAt(host)).toEqual([host.threadOf(c)]);
    expect(forwards(host)).toBe(2);
  });

  test('a lane whose own peer left, and is no more on the list, forwards to the new owner', () => {
    const { host, a, b, c, text } = threeHosts();
    tellRange(host, c, a.key);
    const detach = { type: 'detach-peer', chord: b.chord };
    host.send(host.threadOf(b), host.lanes[host.threadOf(b)]!.dispatcher as Address, detach as never);
    tellRing(host, [a, c]);
    host.exchange(text, undefined, host.threadOf(b));
    expect(answers(host)).toEqual([`${host.threadOf(b)} ${ok}`]);
    expect(servedAt(host)).toEqual([host.threadOf(c)]);
  });
});

describe('death', () => {
  test('the host of the owner cannot be reached: the request rests until the ring has closed around it', () => {
    const { host, a, b, c, edge, text } = threeHosts();
    host.hostsDown.add(b.host);
    host.exchange(text, undefined, edge);
    host.advance(500);
    expect(answers(host)).toEqual([]);
    tellRing(host, [a, c]);
    tellRange(host, c, a.key);
    host.advance(200);
    expect(servedAt(host)).toEqual([host.threadOf(c)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`]);
  });

  test('nobody takes over: 503 with Retry-After when the hops are used up, once', () => {
    const { host, b, edge, text } = threeHosts();
    host.hostsDown.add(b.host);
    host.exchange(text, undefined, edge);
    host.advance(10_000);
    expect(answers(host)).toEqual([`${edge} ${unavailable}`]);
    expect(host.datagrams[0]?.text).toContain('\r\nRetry-After: 1\r\n');
    expect(host.dispatcherState(edge).counts.hopsExceeded).toBe(1);
    expect(host.dispatcherState(edge).resting.count).toBe(0);
  });

  test('the successor is listed as the owner before it took over: the ring is asked, then the request rests', () => {
    const { host, a, c, edge, text } = threeHosts();
    tellRing(host, [a, c]);
    host.ringSays = () => c;
    host.exchange(text, undefined, edge);
    host.advance(250);
    expect(answers(host)).toEqual([]);
    tellRange(host, c, a.key);
    host.advance(150);
    expect(servedAt(host)).toEqual([host.threadOf(c)]);
    expect(answers(host)).toEqual([`${edge} ${ok}`]);
  });

  test('the edge dies before the answer: nothing is sent by others, and the retransmission is answered by its new edge', () => {
    const { host, a, b, c, edge, text } = threeHosts({ serviceAnswers: false });
    host.exchange(text, undefined, edge);
    host.hostsDown.add(a.host);
    const [{ request }] = host.served as [(typeof host.served)[0]];
    const respond = {
      type: 'respond',
      transaction: request.transaction,
      statusCode: 200,
      reason: 'OK',
      headerLines: '',
    };
    host.send(host.threadOf(b), request.replyTo as Address, respond as never);
    host.settle();
    expect(answers(host)).toEqual([]);
    host.exchange(text, undefined, host.threadOf(c));
    expect(answers(host)).toEqual([`${host.threadOf(c)} ${ok}`]);
    expect(host.served).toHaveLength(1);
  });
});

describe('bounds', () => {
  test('hosts that take each other for the owner: at once four hops, then one a rest, then 503, once', () => {
    const { host, a, b, c, edge, text } = threeHosts();
    tellRange(host, b, 'nothing');
    tellRange(host, c, 'nothing');
    tellRange(host, a, 'nothing');
    host.exchange(text, undefined, edge);
    expect(forwards(host)).toBe(4);
    host.advance(10_000);
    expect(forwards(host)).toBeLessThanOrEqual(24);
    expect(answers(host)).toEqual([`${edge} ${unavailable}`]);
    expect(host.lanes.map((_, i) => brokenInvariant(host) ?? i)).toEqual([0, 1, 2]);
  });

  test('a forward-request of a host that lies or is of another version is dropped and counted', () => {
    const { host, edge, text } = threeHosts();
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const whole = {
      type: 'forward-request',
      bytes,
      start: 0,
      end: bytes.length,
      address: '192.0.2.4',
      port: 5060,
      hops: 1,
    };
    const lies = [
      { hops: Number.NaN },
      { hops: -5 },
      { hops: undefined },
      { address: 7 },
      { port: 70_000 },
      { bytes: undefined },
    ];
    for (const lie of lies) {
      host.send(edge, host.lanes[edge]!.dispatcher as Address, { ...whole, ...lie } as never);
      host.settle();
      host.advance(3_000);
    }
    expect(host.datagrams).toEqual([]);
    expect(host.dispatcherState(edge).counts.malformed).toBe(lies.length);
  });

  test('rest-due before its time wakes nobody; the resting room is bounded, then 503', () => {
    const { host, b, edge, user } = threeHosts({ dispatcher: { hopsMax: 24, lookupsMax: 2 } });
    host.hostsDown.add(b.host);
    for (let i = 0; i < 3; i++) host.exchange(requestText({ user, branch: `z9hG4bK${i}` }), undefined, edge);
    expect(answers(host)).toEqual([`${edge} ${unavailable}`]);
    const before = host.dispatcherState(edge).counts.refused;
    host.send(edge, host.lanes[edge]!.dispatcher as Address, { type: 'rest-due' });
    host.settle();
    expect(host.dispatcherState(edge).counts.refused).toBe(before);
  });

  test('a ring too large for lists: the ring is asked for each request, by a peer of the lane', () => {
    const { host, b, edge, text } = threeHosts();
    tellRing(host, []);
    host.ringSays = (key) => owner(host.members, '') && host.members.find((member) => member.key >= key);
    host.exchange(text, undefined, edge);
    expect(servedAt(host)).toEqual([host.threadOf(b)]);
    expect(host.asked).toHaveLength(1);
  });

  test('a lane whose peers all join still, and that knows nobody: the request rests until they are in the ring', () => {
    const host = new TestHost({
      own: false,
      dispatcher: { membership: 0 as never, chord: 32 as never, hopsMax: 24 },
    });
    const [self, other] = host.members as [Member, Member];
    host.exchange(requestText());
    host.advance(300);
    expect(answers(host)).toEqual([]);
    expect(host.asked).toEqual([]);
    host.ringSays = () => other;
    tellRange(host, self, 'nothing');
    host.advance(150);
    expect(host.asked.length).toBeGreaterThan(0);
    tellRange(host, other, other.key);
    host.advance(150);
    expect(answers(host)).toEqual([`0 ${ok}`]);
  });
});

test('owned ranges: keys that share 48 bits with an end are told apart, two lives at one key are one', () => {
  const host = new TestHost({ peersPerLane: 1, own: false });
  const { ranges } = host.dispatcherState();
  const key = (last: string) => parseRingKey('5'.repeat(39) + last)!;
  const self = { ...host.members[0]!, key: key('8') };
  ranges.change({ type: 'range-changed', self, owns: true, from: key('4'), epoch: 1 });
  expect(['3', '4', '5', '8', '9'].map((last) => ranges.ownerOf(key(last)) !== undefined)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  const later = { ...self, chord: host.members[0]!.chord + 1 } as Member;
  ranges.change({ type: 'range-changed', self: later, owns: true, from: key('6'), epoch: 2 });
  expect(ranges.ownersCount).toBe(1);
  expect(ranges.ownerOf(key('7'))?.range.self).toBe(later);
  ranges.change({ type: 'range-changed', self: later, owns: false, from: key('6'), epoch: 3 });
  expect(ranges.ownerOf(key('5'))?.range.self).toBe(self);
});
