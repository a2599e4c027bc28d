// The non-INVITE server transaction, one test for each sentence of RFC 3261 17.2.2 and 17.2.3 obeyed, and what a response
// looks like (8.2.6, 18.2, RFC 3581, RFC 4320).
import type { Flow } from '@chordial/sip-transport/protocol';
import { describe, expect, test } from 'vitest';
import { flowFrom, requestText, TestLane } from './lane.fixture.ts';
import { TIMER_J_MS } from './transaction.ts';

describe('RFC 3261 17.2.2', () => {
  test('"The state machine is initialized in the "Trying" state and is passed a request ... This request is passed up to the TU"', () => {
    const lane = new TestLane();
    const transaction = lane.request(requestText());
    expect(lane.requests).toMatchObject([{ type: 'request-received', transaction, replyTo: 9 }]);
    expect(lane.responses).toEqual([]);
  });
  test('"Once in the "Trying" state, any further request retransmissions are discarded"', () => {
    const lane = new TestLane();
    lane.request(requestText());
    expect(lane.request(requestText())).toBe(-1);
    expect(lane.requests).toHaveLength(1);
    expect(lane.responses).toEqual([]);
    expect(lane.state.counts.absorbed).toBe(1);
  });
  test('"If a retransmission of the request is received while in the "Proceeding" state, the most recently sent provisional response MUST be passed"', () => {
    const lane = new TestLane();
    lane.respond(lane.request(requestText()), 100, { reason: 'Trying' });
    lane.request(requestText());
    expect(lane.responses).toHaveLength(2);
    expect(lane.responses[1]?.text).toBe(lane.responses[0]?.text);
    expect(lane.responses[1]?.text).toMatch(/^SIP\/2\.0 100 Trying\r\n/);
  });
  test('"If the TU passes a final response (status codes 200-699) to the server while in the "Proceeding" state, the transaction MUST enter the "Completed" state, and the response MUST be passed"', () => {
    const lane = new TestLane();
    const transaction = lane.request(requestText());
    lane.respond(transaction, 100, { reason: 'Trying' });
    lane.respond(transaction, 200);
    expect(lane.responses.map(({ text }) => text.slice(0, 11))).toEqual(['SIP/2.0 100', 'SIP/2.0 200']);
    const tag = /To:.*tag=(\w+)/;
    expect(lane.responses[0]?.text.match(tag)?.[1]).toBe(lane.responses[1]?.text.match(tag)?.[1]);
  });
  test('"While in the "Completed" state, the server transaction MUST pass the final response to the transport layer for retransmission whenever a retransmission of the request is received"', () => {
    const lane = new TestLane();
    lane.respond(lane.request(requestText()), 200, { headerLines: 'Contact: <sip:b>\r\n' });
    lane.advance(TIMER_J_MS - 1);
    expect(lane.request(requestText())).toBe(-1);
    expect(lane.responses).toHaveLength(2);
    expect(lane.responses[1]?.text).toBe(lane.responses[0]?.text);
  });
  test('"Any other final responses passed by the TU to the server transaction MUST be discarded while in the "Completed" state"', () => {
    const lane = new TestLane();
    const transaction = lane.request(requestText());
    lane.respond(transaction, 200);
    lane.respond(transaction, 500);
    expect(lane.responses).toHaveLength(1);
    expect(lane.state.counts.answersLate).toBe(1);
  });
  test('"it MUST set Timer J to fire in 64*T1 seconds for unreliable transports" and "MUST transition to the "Terminated" state"', () => {
    const lane = new TestLane();
    lane.respond(lane.request(requestText()), 200);
    lane.advance(TIMER_J_MS);
    expect(lane.state.table.count).toBe(0);
    expect(lane.request(requestText())).toBeGreaterThan(0);
  });
  test('one timer serves all transactions, and none is left when all are over', () => {
    const lane = new TestLane();
    for (let i = 0; i < 20; i++) {
      lane.respond(lane.request(requestText({ branch: `z9hG4bK${i}` })));
      lane.advance(1_000);
      expect(lane.timersWaiting).toEqual(['timer-j-due']);
    }
    lane.advance(TIMER_J_MS - 5_000);
    expect(lane.state.table.count).toBe(4);
    lane.advance(6_000);
    expect(lane.state.table.count).toBe(0);
    expect(lane.timersWaiting).toEqual([]);
  });
});

describe('RFC 3261 17.2.3', () => {
  const isNew = (first: Parameters<typeof requestText>[0], second: Parameters<typeof requestText>[0]): boolean => {
    const lane = new TestLane();
    lane.request(requestText(first));
    return lane.request(requestText(second)) !== -1;
  };
  test('"the branch parameter in the request is equal to the one in the top Via header field of the request that created the transaction"', () => {
    expect(isNew({ branch: 'z9hG4bKa' }, { branch: 'z9hG4bKb' })).toBe(true);
    expect(isNew({ callId: 'c1' }, { callId: 'c2' })).toBe(false);
  });
  test('"the sent-by value in the top Via of the request is equal": host and port', () => {
    expect(isNew({ sentBy: '192.0.2.4' }, { sentBy: '192.0.2.5' })).toBe(true);
    expect(isNew({ sentBy: '192.0.2.4:5060' }, { sentBy: '192.0.2.4:5061' })).toBe(true);
  });
  test('"the method of the request matches the one that created the transaction"', () => {
    expect(isNew({ method: 'REGISTER' }, { method: 'OPTIONS' })).toBe(true);
  });
  test('parts do not run into each other', () => {
    expect(isNew({ sentBy: 'a', branch: 'z9hG4bKz9hG4bKx' }, { sentBy: 'az9hG4bK', branch: 'z9hG4bKx' })).toBe(true);
  });
  test('RFC 2543 branches: "Request-URI, To tag, From tag, Call-ID, CSeq, and top Via header field"', () => {
    expect(isNew({ branch: '1' }, { branch: '1' })).toBe(false);
    expect(isNew({ branch: '1' }, { branch: '1', callId: 'c2' })).toBe(true);
    expect(isNew({ branch: '1' }, { branch: '1', cseq: 2 })).toBe(true);
    expect(isNew({ branch: '1' }, { branch: '1', toTag: 't' })).toBe(true);
    expect(isNew({ branch: '1' }, { branch: '2' })).toBe(true);
    expect(isNew({ via: 'SIP/2.0/UDP a' }, { via: 'SIP/2.0/UDP a' })).toBe(false);
  });
  test('a cookie alone is no branch of RFC 3261', () => {
    expect(isNew({ branch: 'z9hG4bK' }, { branch: 'z9hG4bK', cseq: 2 })).toBe(true);
  });
});

describe('the response', () => {
  const answered = (text: string, lane = new TestLane(), flow = flowFrom(40_001)) => {
    lane.respond(lane.request(text, flow), 200, { headerLines: 'Contact: <sip:b>\r\n', body: 'grüße' });
    return lane.responses[0]!;
  };
  test('RFC 3261 8.2.6.2: copied lines, a To tag, the service’s lines, Content-Length in octets', () => {
    const via = 'SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bKa\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb';
    const { text } = answered(requestText({ via }), new TestLane({ server: 'Chordial' }));
    expect(text.replace(/(To: .*;tag=)\w+/, '$1TAG')).toBe(
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5070;rport=40001;branch=z9hG4bKa;received=192.0.2.4\r\n' +
        'Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\nFrom: <sip:a@example.com>;tag=f\r\n' +
        'To: <sip:a@example.com>;tag=TAG\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n' +
        'Contact: <sip:b>\r\nServer: Chordial\r\nContent-Length: 7\r\n\r\ngr\xc3\xbc\xc3\x9fe',
    );
  });
  test('RFC 3261 8.2.6.2: "If the To header field in the request contained a tag, the UAS MUST NOT add"', () => {
    expect(answered(requestText({ toTag: 't' })).text).toContain('\r\nTo: <sip:a@example.com>;tag=t\r\n');
  });
  test('RFC 3581 4: to the source port with rport, RFC 3261 18.2.2: to the sent-by port without', () => {
    expect(answered(requestText({ via: 'SIP/2.0/UDP a:5070;rport;branch=z9hG4bKa' })).flow.port).toBe(40_001);
    expect(answered(requestText({ via: 'SIP/2.0/UDP a:5070;branch=z9hG4bKa' })).flow.port).toBe(5070);
  });
  test('a retransmission after a NAT moved is answered to where it came from', () => {
    const lane = new TestLane();
    const text = requestText({ via: 'SIP/2.0/UDP a;rport;branch=z9hG4bKa' });
    answered(text, lane);
    lane.request(text, flowFrom(40_002));
    expect(lane.responses.map(({ flow }) => flow.port)).toEqual([40_001, 40_002]);
  });
  test('an answer goes by the edge that the request came by, and a retransmission by another edge is answered there', () => {
    const lane = new TestLane();
    const text = requestText({ via: 'SIP/2.0/UDP a;branch=z9hG4bKa' });
    const [first, second] = [70, 71].map((edge) => ({ ...flowFrom(40_001), edge: edge as NonNullable<Flow['edge']> }));
    const transaction = lane.request(text, first);
    expect(lane.request(text, second)).toBe(-1);
    expect(lane.state.counts.absorbed).toBe(1);
    lane.respond(transaction);
    lane.request(text, second);
    lane.request(text, flowFrom(40_001));
    expect(lane.responses.map(({ flow }) => [flow.edge, flow.port])).toEqual([
      [70, 5060],
      [71, 5060],
      [undefined, 5060],
    ]);
    expect(new Set(lane.responses.map((response) => response.text)).size).toBe(1);
  });
  test('at the limits, too: 503 without a transaction leaves by the edge', () => {
    const lane = new TestLane({ openTransactionsMax: 0 });
    lane.request(requestText(), { ...flowFrom(), edge: 70 as NonNullable<Flow['edge']> });
    expect(lane.responses.map(({ flow }) => flow.edge)).toEqual([70]);
  });
  test('a reason phrase cannot add header lines', () => {
    const lane = new TestLane();
    lane.respond(lane.request(requestText()), 400, { reason: 'a\r\nEvil: b' });
    expect(lane.responses[0]?.text).toMatch(/^SIP\/2\.0 400 a\?\?Evil: b\r\nVia/);
  });
  test('RFC 4320 4.1: "An SIP element MUST NOT send any provisional response with a Status-Code other than 100 to a non-INVITE request"', () => {
    const lane = new TestLane();
    const transaction = lane.request(requestText());
    for (const statusCode of [0, 99, 101, 180, 199, 700]) lane.respond(transaction, statusCode);
    expect(lane.responses).toEqual([]);
    expect(lane.state.counts.answersWrong).toBe(6);
  });
});

describe('what services do wrong', () => {
  test('RFC 4320 4.2: a request that is never answered ends without a 408', () => {
    const lane = new TestLane();
    const transaction = lane.request(requestText());
    lane.advance(TIMER_J_MS);
    expect(lane.responses).toEqual([]);
    expect(lane.state.counts.abandoned).toBe(1);
    expect(lane.state.table.openCount).toBe(0);
    lane.respond(transaction, 200);
    expect(lane.responses).toEqual([]);
    expect(lane.state.counts.answersLate).toBe(1);
  });
  test('the number of an ended transaction does not name the next one in its slot', () => {
    const lane = new TestLane({ transactionsMax: 1 });
    const first = lane.request(requestText());
    lane.advance(TIMER_J_MS);
    const second = lane.request(requestText({ branch: 'z9hG4bKb' }));
    expect(second).not.toBe(first);
    lane.respond(first, 500);
    expect(lane.responses).toEqual([]);
  });
  test('numbers that never named a transaction are ignored', () => {
    const lane = new TestLane();
    for (const number of [0, 5, 2 ** 21, 2 ** 40 + 1, 2 ** 52]) lane.respond(number);
    expect(lane.state.counts.answersLate).toBe(5);
  });
});
