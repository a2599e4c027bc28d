// The closed loop without sockets: answers, strays, refusals, retransmission, whose turn it is.
import { describe, expect, it } from 'vitest';
import { cseqMin, requestTemplate } from './request-template.ts';
import { slotBytes, Window } from './window.ts';

const socketsCount = 2;
const slotsCount = 4;

function makeWindow(requestsMax = Number.POSITIVE_INFINITY, usersCount = 20) {
  const templates = Array.from({ length: socketsCount }, (_, i) =>
    requestTemplate({ method: 'REGISTER', domain: 'example.com', sentBy: `127.0.0.1:4000${i}`, run: 'abcdefgh' }),
  );
  return new Window({ templates, slotsCount, usersCount, cseqFirst: cseqMin, requestsMax });
}

const requestIn = (window: Window, slot: number): string =>
  Buffer.from(window.bytes.subarray(slot * slotBytes, slot * slotBytes + window.requestBytes)).toString('latin1');

/** A response as a server writes it, from the request in a slot. */
function responseTo(request: string, status = '200 OK', viaTail = ';received=127.0.0.1'): Buffer {
  const via = /^Via: .*$/m.exec(request)![0].replace(';rport', `;rport=40000${viaTail}`);
  return Buffer.from(`SIP/2.0 ${status}\r\n${via}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
}

const settle = (window: Window, bytes: Buffer, nowMs = 1) => window.settle(bytes, 0, bytes.length, nowMs);

describe('a window', () => {
  it('frees the slot of a response, once', () => {
    const window = makeWindow();
    for (let slot = 0; slot < slotsCount; slot++) expect(window.prepare(slot, 0)).toBe(true);
    const response = responseTo(requestIn(window, 2));
    expect(settle(window, response, 0.25)).toBe(2);
    expect(settle(window, response)).toBe(-1);
    expect(window.counts).toMatchObject({ answered: 1, stray: 1, refused: 0 });
    expect(window.latency.quantile(1)).toBeGreaterThanOrEqual(250);
  });

  it('finds the branch behind other headers and in another spelling', () => {
    const window = makeWindow();
    window.prepare(1, 0);
    const via = /branch=z9hG4bK\w+/.exec(requestIn(window, 1))![0];
    const text = `SIP/2.0 200 OK\r\nServer: x\r\nv: SIP/2.0/UDP 127.0.0.1:40001 ;${via}\r\n\r\n`;
    expect(settle(window, Buffer.from(text, 'latin1'))).toBe(1);
  });

  it('counts what is no answer as stray, and reads no octet outside of it', () => {
    const window = makeWindow();
    window.prepare(0, 0);
    const response = responseTo(requestIn(window, 0));
    const inputs = ['', 'SIP/2.0', 'SIP/2.0 200 OK\r\nV', 'noise\n'.repeat(20), response.subarray(0, 60)];
    for (const input of inputs) expect(settle(window, Buffer.from(input))).toBe(-1);
    expect(window.counts.stray).toBe(inputs.length);
    expect(settle(window, response)).toBe(0);
  });

  it('waits on after a 1xx and reports the first refusal', () => {
    const window = makeWindow();
    window.prepare(0, 0);
    expect(settle(window, responseTo(requestIn(window, 0), '100 Trying'))).toBe(-1);
    expect(settle(window, responseTo(requestIn(window, 0), '503 Service Unavailable'))).toBe(0);
    expect(window.counts).toMatchObject({ answered: 1, refused: 1 });
    expect(window.refusal).toBe('SIP/2.0 503 Service Unavailable');
  });

  it('sends again every 500 ms and gives up after ten times', () => {
    const window = makeWindow();
    window.prepare(0, 0);
    const sent: number[] = [];
    const freed: number[] = [];
    for (let now = 0; now <= 6_000; now += 100) {
      window.overdue(
        now,
        () => sent.push(now),
        (slot) => freed.push(slot),
      );
    }
    expect(sent).toEqual(Array.from({ length: 10 }, (_, i) => 500 * (i + 1)));
    expect(freed).toEqual([0]);
    expect(window.counts).toMatchObject({ retransmitted: 10, unanswered: 1 });
  });

  it('visits each user once before any twice, each through one socket, with a CSeq that grows', () => {
    const window = makeWindow(Number.POSITIVE_INFINITY, 20);
    const socketOf = new Map<string, number>();
    const cseqOf = new Map<string, number>();
    for (let turn = 0; turn < 3; turn++) {
      const seen = new Set<string>();
      for (let i = 0; i < 20; i++) {
        const slot = i % slotsCount;
        window.prepare(slot, 0);
        const request = requestIn(window, slot);
        const user = /<sip:(user\d+)@/.exec(request)![1]!;
        const cseq = Number(/^CSeq: (\d+)/m.exec(request)![1]);
        expect(seen.has(user)).toBe(false);
        seen.add(user);
        expect(socketOf.get(user) ?? slot % socketsCount).toBe(slot % socketsCount);
        socketOf.set(user, slot % socketsCount);
        expect(cseq).toBeGreaterThan(cseqOf.get(user) ?? 0);
        cseqOf.set(user, cseq);
        settle(window, responseTo(request));
      }
      expect(seen.size).toBe(20);
    }
  });

  it('ends after the wanted number of requests', () => {
    const window = makeWindow(2);
    expect([0, 1, 2].map((slot) => window.prepare(slot, 0))).toEqual([true, true, false]);
    expect(window.finished).toBe(false);
    for (const slot of [0, 1]) settle(window, responseTo(requestIn(window, slot)));
    expect(window.finished).toBe(true);
  });
});
