// What happens at the limits: too many open requests, a full byte store, more in one turn than the store holds. Nothing grows
// beyond its limit, nothing that was sent is overwritten, and whoever is turned away is told.
import { type Address, type Behaviour, nobody, type Typed } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import { Peek, peek } from '@chordial/sip-parser';
import { describe, expect, test } from 'vitest';
import { sipTransaction } from './behaviour.ts';
import { flowFrom, requestText, SERVICE, TestLane, TRANSPORT, textOf } from './lane.fixture.ts';
import { TIMER_J_MS } from './transaction.ts';

const branch = (i: number) => ({ branch: `z9hG4bK${i}` });
const small = { bytesMax: 8_192 };

describe('open requests', () => {
  test('more than openTransactionsMax: 503 with Retry-After, and nothing is remembered', () => {
    const lane = new TestLane({ openTransactionsMax: 2 });
    const first = lane.request(requestText(branch(1)));
    lane.request(requestText(branch(2)));
    expect(lane.request(requestText(branch(3)))).toBe(-1);
    expect(lane.responses.map(({ text }) => text.split('\r\n')[0])).toEqual(['SIP/2.0 503 Service Unavailable']);
    expect(lane.responses[0]?.text).toContain('\r\nRetry-After: ');
    expect(lane.state.counts.overload).toBe(1);
    lane.respond(first);
    expect(lane.request(requestText(branch(3)))).toBeGreaterThan(0);
  });
  test('a request that cannot be answered is counted, not served', () => {
    const lane = new TestLane();
    expect(lane.request(requestText().replace('Call-ID: c1\r\n', ''))).toBe(-1);
    expect(lane.state.counts.unanswerable).toBe(1);
  });
});

describe('a service whose mailbox is full', () => {
  const refuse = (lane: TestLane) =>
    lane.step({ type: 'message-refused', to: SERVICE as number as Address<never>, message: lane.requests.at(-1)! });

  test('the client is told 503 with Retry-After, and retransmissions are told the same', () => {
    const lane = new TestLane();
    lane.request(requestText(branch(1)));
    refuse(lane);
    const [told] = lane.responses;
    expect(told?.text.split('\r\n')[0]).toBe('SIP/2.0 503 Service Unavailable');
    expect(told?.text).toContain('\r\nRetry-After: 2\r\n');
    expect(lane.state.table.openCount).toBe(0);
    expect(lane.request(requestText(branch(1)))).toBe(-1);
    expect(lane.responses.map(({ text }) => text)).toEqual([told?.text, told?.text]);
    expect(lane.state.counts).toMatchObject({ refused: 1, absorbed: 0, resent: 1 });
  });
  test('a refusal that comes after the answer, or concerns a response, changes nothing', () => {
    const lane = new TestLane();
    lane.respond(lane.request(requestText(branch(1))));
    refuse(lane);
    lane.step({
      type: 'message-refused',
      to: TRANSPORT as number as Address<never>,
      message: lane.responses[0]!.message,
    });
    expect(lane.responses).toHaveLength(1);
    expect(lane.state.table.count).toBe(1);
  });
  test('under the kernel the refusal arrives: none of the requests of a burst stays without an answer', () => {
    const timers: DueTimer[] = [];
    const fail = (failure: unknown): never => {
      throw failure;
    };
    const kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (_delayMs, due) => timers.push(due),
      clearTimer: () => {},
      actorFailed: (_actor, _name, failure) => fail(failure),
      laneFailed: fail,
    });
    const heard: string[] = [];
    const listener = (name: string, messagesMax: number): Behaviour<undefined, Typed, undefined> => ({
      name,
      init: () => undefined,
      step: (_state, { message }) => {
        heard.push(`${name} ${message.type}`);
      },
      mailbox: { messagesMax, overflow: 'refuse' },
    });
    const transport = kernel.spawnRoot(listener('transport', 100), undefined);
    const service = kernel.spawnRoot(listener('service', 2), undefined);
    const self = kernel.spawnRoot(sipTransaction, { transport, secret: 7 });
    for (let i = 0; i < 5; i++) {
      const bytes = new Uint8Array(Buffer.from(requestText(branch(i)), 'latin1'));
      const peeked = new Peek();
      peek(bytes, 0, bytes.length, peeked);
      const request = {
        bytes,
        start: 0,
        end: bytes.length,
        peek: peeked,
        flow: flowFrom(),
        aor: 'a@example.com',
        service,
      };
      kernel.deliver(self as Address<Typed>, nobody, { type: 'serve-request', ...request } as Typed);
    }
    kernel.run(1_000);
    expect(heard.filter((line) => line === 'service request-received')).toHaveLength(2);
    expect(heard.filter((line) => line === 'transport send-message')).toHaveLength(3);
  });
});

describe('the byte store', () => {
  test('it grows up to bytesMax and keeps every answer', () => {
    const lane = new TestLane();
    const before = lane.state.table.ring.bytes.length;
    for (let i = 0; i < 3_000; i++) lane.respond(lane.request(requestText(branch(i))));
    expect(lane.state.table.ring.bytes.length).toBeGreaterThan(before);
    for (let i = 0; i < 3_000; i++) expect(lane.request(requestText(branch(i)))).toBe(-1);
    for (let i = 0; i < 3_000; i++) expect(lane.responses[3_000 + i]?.text).toBe(lane.responses[i]?.text);
    lane.advance(TIMER_J_MS + 1_000);
    expect(lane.state.table.count).toBe(0);
  });
  test('full: the oldest ends early, and its retransmission is a new request', () => {
    const lane = new TestLane(small);
    for (let i = 0; i < 100; i++) {
      lane.respond(lane.request(requestText(branch(i))));
      lane.advance(1);
    }
    expect(lane.state.table.ring.bytes.length).toBe(small.bytesMax);
    expect(lane.state.table.endedEarly).toBeGreaterThan(0);
    expect(lane.state.table.endedEarly + lane.state.table.count).toBe(100);
    expect(lane.request(requestText(branch(99)))).toBe(-1);
    expect(lane.request(requestText(branch(0)))).toBeGreaterThan(0);
  });
  test('full of requests nobody answers: the oldest is given up, a late answer is counted', () => {
    const lane = new TestLane(small);
    const first = lane.request(requestText(branch(0)));
    for (let i = 1; i < 50; i++) {
      lane.advance(1);
      lane.request(requestText(branch(i)));
    }
    expect(lane.state.table.abandonedEarly).toBeGreaterThan(0);
    lane.respond(first);
    expect(lane.state.counts.answersLate).toBe(1);
    expect(lane.responses).toEqual([]);
  });
  test('full of records of this very turn: answers are sent but not kept, requests are told 503, and no sent octet changes', () => {
    const lane = new TestLane(small);
    let answered = 0;
    for (let i = 0; i < 200; i++) {
      const transaction = lane.request(requestText(branch(i)));
      if (transaction === -1) continue;
      lane.respond(transaction);
      answered++;
    }
    expect(lane.state.counts.overload).toBe(200 - answered);
    expect(lane.state.counts.overload).toBeGreaterThan(0);
    for (const { text, message } of lane.responses) expect(textOf(message)).toBe(text);
    lane.advance(1);
    expect(lane.request(requestText(branch(500)))).toBeGreaterThan(0);
  });
  test('a retransmission sent in the turn in which its record makes room for others keeps its octets', () => {
    const lane = new TestLane(small);
    for (let i = 0; i < 100; i++) {
      lane.respond(lane.request(requestText(branch(i))));
      lane.advance(1);
    }
    const before = lane.responses.length;
    const kept = 100 - lane.state.table.count;
    lane.request(requestText(branch(kept)));
    for (let i = 1_000; i < 1_030; i++) {
      const transaction = lane.request(requestText(branch(i)));
      if (transaction !== -1) lane.respond(transaction);
    }
    const resent = lane.responses[before]!;
    expect(resent.text).toContain(`branch=z9hG4bK${kept}`);
    expect(textOf(resent.message)).toBe(resent.text);
  });
  test('transactionsMax ends the oldest early', () => {
    const lane = new TestLane({ transactionsMax: 10 });
    for (let i = 0; i < 30; i++) {
      lane.respond(lane.request(requestText(branch(i))));
      lane.advance(1);
    }
    expect(lane.state.table.count).toBe(10);
    expect(lane.state.table.endedEarly).toBe(20);
  });
  test('a response larger than the store is sent and not kept', () => {
    const lane = new TestLane(small);
    const other = lane.request(requestText(branch(1)));
    const transaction = lane.request(requestText());
    lane.advance(1);
    lane.respond(transaction, 200, { body: 'x'.repeat(20_000) });
    expect(lane.responses[0]?.text).toContain('\r\nContent-Length: 20000\r\n');
    expect(lane.state.table.count).toBe(1);
    lane.respond(other);
    expect(lane.responses).toHaveLength(2);
  });
});

describe('against a naive model', () => {
  test.each([1, 2, 3, 4])('seed %i: requests, answers, retransmissions and time in any order', (seed) => {
    const random = createRandom(seed);
    const lane = new TestLane({ bytesMax: 2 ** 17 });
    const open = new Map<number, number>();
    const answers = new Map<number, string>();
    for (let i = 0; i < 4_000; i++) {
      const number = nextBelow(random, 400);
      const action = nextBelow(random, 10);
      if (action < 5) {
        const before = lane.responses.length;
        const transaction = lane.request(requestText(branch(number)));
        const known = answers.get(number);
        if (transaction !== -1) {
          // Remembered ones may have been given up for want of room or time, never while nothing of that was counted.
          if (open.has(number) || known !== undefined) {
            const { endedEarly, abandonedEarly } = lane.state.table;
            const { abandoned, unkept } = lane.state.counts;
            expect(endedEarly + abandonedEarly + abandoned + unkept > 0 || lane.now > TIMER_J_MS).toBe(true);
          }
          open.set(number, transaction);
          answers.delete(number);
        } else if (lane.responses.length > before) expect(lane.responses[before]?.text).toBe(known);
        else expect(open.has(number)).toBe(true);
      } else if (action < 9) {
        const transaction = open.get(number);
        if (transaction === undefined) continue;
        const before = lane.responses.length;
        lane.respond(transaction, 200, { body: 'b'.repeat(nextBelow(random, 600)) });
        open.delete(number);
        if (lane.responses.length > before) answers.set(number, lane.responses[before]!.text);
      } else lane.advance(nextBelow(random, 200));
    }
    expect(lane.state.counts.resent).toBeGreaterThan(100);
    expect(lane.state.counts.absorbed).toBeGreaterThan(100);
    lane.advance(2 * TIMER_J_MS);
    expect(lane.state.table.count).toBe(0);
    expect(lane.state.table.ring.count).toBe(0);
    expect(lane.state.table.ring.usedBytes).toBe(0);
  });
});
