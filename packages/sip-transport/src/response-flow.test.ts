// Where responses go and what Via learns, sentence by sentence (RFC 3261 18.2, RFC 3581 4), and answers without memory.
import { describe, expect, test } from 'vitest';
import { optionsWithVia, peekOf } from './outbox.fixture.ts';
import type { Flow } from './protocol.ts';
import { receivedOf, responseFlow } from './response-flow.ts';
import { StatelessResponder } from './stateless-responder.ts';
import { TurnOctets } from './turn-octets.ts';

const flow: Flow = { transport: 'udp', address: '192.0.2.4', port: 40_001 };
const peekVia = (via: string) => peekOf(optionsWithVia(`SIP/2.0/UDP ${via};branch=z9hG4bK1`));

describe('responseFlow', () => {
  test('RFC 3581 4: with rport the response goes to the source port of the request', () => {
    expect(responseFlow(peekVia('192.0.2.4:5060;rport'), flow)).toBe(flow);
  });
  test('RFC 3261 18.2.2: without, to the source address and the port of the sent-by', () => {
    expect(responseFlow(peekVia('192.0.2.4:5070'), flow)).toEqual({ ...flow, port: 5070 });
    expect(responseFlow(peekVia('phone.example.com:5070'), flow)).toEqual({ ...flow, port: 5070 });
  });
  test('RFC 3261 18.2.2: "or 5060 if no port is specified"', () => {
    expect(responseFlow(peekVia('192.0.2.4'), flow)).toEqual({ ...flow, port: 5060 });
  });
  test('the edge of another host stays, whatever the port', () => {
    const edged: Flow = { ...flow, edge: 77 as NonNullable<Flow['edge']> };
    expect(responseFlow(peekVia('192.0.2.4:5060;rport'), edged)).toBe(edged);
    expect(responseFlow(peekVia('192.0.2.4:5070'), edged)).toEqual({ ...edged, port: 5070 });
  });
  test('maddr does not aim responses at a third address', () => {
    expect(responseFlow(peekVia('192.0.2.4:40001;maddr=198.51.100.1'), flow)).toEqual(flow);
  });
});

describe('receivedOf', () => {
  test('RFC 3261 18.2.1: "If the host portion of the "sent-by" parameter contains a domain name ... the server MUST add"', () => {
    expect(receivedOf(peekVia('phone.example.com'), flow)).toBe('192.0.2.4');
  });
  test('RFC 3261 18.2.1: "or if it contains an IP address that differs from the packet source address"', () => {
    expect(receivedOf(peekVia('10.0.0.1'), flow)).toBe('192.0.2.4');
    expect(receivedOf(peekVia('192.0.2.40'), flow)).toBe('192.0.2.4');
    expect(receivedOf(peekVia('192.0.2.4:5070'), flow)).toBeUndefined();
  });
  test('RFC 3581 4: with rport "it MUST insert a "received" parameter ... even if it is identical"', () => {
    expect(receivedOf(peekVia('192.0.2.4;rport'), flow)).toBe('192.0.2.4');
  });
  test('RFC 5118 4.5: an IPv6 sent-by is compared without brackets, a zone stays at home', () => {
    const source: Flow = { ...flow, address: '2001:db8::1' };
    expect(receivedOf(peekVia('[2001:db8::1]'), source)).toBeUndefined();
    expect(receivedOf(peekVia('[2001:db8::2]'), source)).toBe('2001:db8::1');
    expect(receivedOf(peekVia('[fe80::2]'), { ...flow, address: 'fe80::1%eth0' })).toBe('fe80::1');
  });
});

describe('StatelessResponder', () => {
  const responder = new StatelessResponder(7, 'Chordial');
  const text = (request = optionsWithVia('SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1'), by = responder): string => {
    const sent = by.answer(1, peekOf(request), flow, 503, 'Service Unavailable', 'Retry-After: 1\r\n');
    return sent === undefined ? '' : Buffer.from(sent.bytes.subarray(sent.start, sent.end)).toString('latin1');
  };
  test('RFC 3261 8.2.6.2: From, Call-ID, CSeq and Via are those of the request; To gains a tag', () => {
    expect(text().replace(/;tag=[0-9a-z]+\r\nCall/, ';tag=TAG\r\nCall')).toBe(
      'SIP/2.0 503 Service Unavailable\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.4\r\n' +
        'From: <sip:a@example.com>;tag=f\r\nTo: <sip:example.com>;tag=TAG\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n' +
        'Retry-After: 1\r\nServer: Chordial\r\nContent-Length: 0\r\n\r\n',
    );
  });
  test('RFC 3261 8.2.7: the same tag for the same request, another for another or under another secret', () => {
    const other = optionsWithVia('SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2');
    const tag = (response: string) => response.match(/;tag=(\w+)\r\nCall/)?.[1];
    expect(text()).toBe(text());
    expect(tag(text(other))).not.toBe(tag(text()));
    expect(tag(text(undefined, new StatelessResponder(8, '')))).not.toBe(tag(text()));
    expect(tag(text(undefined, new StatelessResponder(7 + 2 ** 32, '')))).not.toBe(tag(text()));
  });
  test('RFC 3261 8.2.6.2: a To that has a tag keeps it', () => {
    const request = optionsWithVia('SIP/2.0/UDP a;branch=z9hG4bK1').replace(
      'To: <sip:example.com>',
      'To: <sip:b>;tag=t',
    );
    expect(text(request)).toContain('\r\nTo: <sip:b>;tag=t\r\n');
  });
  test('a request that lacks what a response needs is not answered', () => {
    expect(text(optionsWithVia('SIP/2.0/UDP a').replace('Call-ID: c\r\n', ''))).toBe('');
  });
});

describe('TurnOctets', () => {
  test('octets of one turn stay as they are, whatever else the turn writes', () => {
    const octets = new TurnOctets();
    const kept = Array.from({ length: 3_000 }, (_, i) => {
      const source = new Uint8Array(100).fill(i % 251);
      const start = octets.copy(5, source, 0, 100);
      return { bytes: octets.chunk, start, value: i % 251 };
    });
    for (const { bytes, start, value } of kept) {
      expect(bytes.subarray(start, start + 100).every((octet) => octet === value)).toBe(true);
    }
  });
  test('a later turn uses the same room again', () => {
    const octets = new TurnOctets();
    const { chunk } = octets;
    for (let now = 0; now < 1_000; now++) octets.copy(now, new Uint8Array(1_000), 0, 1_000);
    expect(octets.chunk).toBe(chunk);
  });
});
