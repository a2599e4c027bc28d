// What a request is told before anyone looks for its user, one test for each sentence obeyed.
import { describe, expect, test } from 'vitest';
import { dispatcher } from './behaviour.ts';
import { requestText, TestHost } from './host.fixture.ts';

const statusOf = (text: string | undefined): string => text?.split('\r\n')[0] ?? 'nothing';
const ask = (parts: Parameters<typeof requestText>[0], host = new TestHost()): string =>
  statusOf(host.exchange(requestText(parts))[0]?.text);

describe('RFC 3261 8.2.1', () => {
  test('"If the UAS recognizes but does not support the method ... it MUST generate a 405", with Allow', () => {
    const [sent] = new TestHost().exchange(requestText({ method: 'SUBSCRIBE', uri: 'sip:alice@example.com' }));
    expect(statusOf(sent?.text)).toBe('SIP/2.0 405 Method Not Allowed');
    expect(sent?.text).toContain('\r\nAllow: OPTIONS, REGISTER\r\n');
  });
  test('RFC 3261 21.5.2: 501 "is the appropriate response when a UAS does not recognize the request method"', () => {
    expect(ask({ method: 'NEWMETHOD' })).toBe('SIP/2.0 501 Not Implemented');
  });
  test('the method is looked at before the scheme', () => {
    expect(ask({ method: 'INVITE', uri: 'tel:+15551234' })).toBe('SIP/2.0 405 Method Not Allowed');
  });
});

describe('RFC 3261 9.2', () => {
  test('"If the UAS did not find a matching transaction for the CANCEL ... it SHOULD respond with 481"', () => {
    expect(ask({ method: 'CANCEL' })).toBe('SIP/2.0 481 Call/Transaction Does Not Exist');
  });
});

describe('RFC 3261 8.2.2.1', () => {
  test.each(['tel:+15551234', 'sips:example.com', 'nobodyKnowsThisScheme:totallyopaquecontent'])(
    '"If the Request-URI uses a scheme not supported by the UAS, it SHOULD reject the request with a 416": %s',
    (uri) => {
      expect(ask({ uri })).toBe('SIP/2.0 416 Unsupported URI Scheme');
    },
  );
});

describe('RFC 3261 16.3', () => {
  test('"If the request contains a Max-Forwards header field with a field value of zero (0), the element MUST NOT forward"', () => {
    expect(ask({ method: 'OPTIONS', uri: 'sip:alice@example.com', maxForwards: 0 })).toBe('SIP/2.0 483 Too Many Hops');
  });
  test('the final recipient does not look at Max-Forwards', () => {
    expect(ask({ method: 'OPTIONS', maxForwards: 0 })).toBe('SIP/2.0 200 OK');
    expect(ask({ maxForwards: 0 })).toBe('SIP/2.0 200 OK');
  });
  test('Proxy-Require that is not understood: 420 with Unsupported', () => {
    const [sent] = new TestHost().exchange(requestText({ lines: ['Proxy-Require: foo, bar'] }));
    expect(statusOf(sent?.text)).toBe('SIP/2.0 420 Bad Extension');
    expect(sent?.text).toContain('\r\nUnsupported: foo, bar\r\n');
  });
  test('Max-Forwards is looked at before Proxy-Require', () => {
    const parts = { method: 'OPTIONS', uri: 'sip:a@example.com', maxForwards: 0, lines: ['Proxy-Require: foo'] };
    expect(ask(parts)).toBe('SIP/2.0 483 Too Many Hops');
  });
});

describe('RFC 3261 8.2.2.3', () => {
  test('Require of OPTIONS to the server: 420, "MUST add an Unsupported header field, and list in it those options"', () => {
    const [sent] = new TestHost().exchange(requestText({ method: 'OPTIONS', lines: ['Require: 100rel'] }));
    expect(statusOf(sent?.text)).toBe('SIP/2.0 420 Bad Extension');
    expect(sent?.text).toContain('\r\nUnsupported: 100rel\r\n');
  });
  test('an option that is no token is not echoed', () => {
    const [sent] = new TestHost().exchange(requestText({ method: 'OPTIONS', lines: ['Require: a"b'] }));
    expect(statusOf(sent?.text)).toBe('SIP/2.0 420 Bad Extension');
    expect(sent?.text).not.toContain('Unsupported');
  });
  test('Require of REGISTER is left to the registrar', () => {
    const host = new TestHost();
    host.exchange(requestText({ lines: ['Require: gruu'] }));
    expect(host.served).toHaveLength(1);
  });
});

describe('RFC 3261 10.3', () => {
  test('a REGISTER for a domain that is not ours: 404', () => {
    expect(ask({ uri: 'sip:example.org' })).toBe('SIP/2.0 404 Not Found');
  });
  test.each(['example.com..', 'example.co', 'example.comm', '[::2]', '[::1:1]', '[:1]'])('%s is not ours', (host) => {
    expect(ask({ host })).toMatch(/^SIP\/2\.0 40[04] /);
  });
  test('"If the address-of-record is not valid for the domain in the Request-URI, the registrar MUST send a 404"', () => {
    expect(ask({ host: 'example.org', uri: 'sip:example.com' })).toBe('SIP/2.0 404 Not Found');
  });
  test('an address-of-record without a user: 404', () => {
    const text = requestText().replace('To: <sip:alice@example.com>', 'To: <sip:example.com>');
    expect(statusOf(new TestHost().exchange(text)[0]?.text)).toBe('SIP/2.0 404 Not Found');
  });
  test('an address-of-record that is no SIP URI: 400', () => {
    const text = requestText().replace('To: <sip:alice@example.com>', 'To: <tel:+15551234>');
    expect(statusOf(new TestHost().exchange(text)[0]?.text)).toBe('SIP/2.0 400 To is not a SIP URI');
  });
});

describe('RFC 3261 11.2', () => {
  test('OPTIONS to the server: "Allow, Accept, Accept-Encoding, Accept-Language, and Supported header fields SHOULD be present"', () => {
    const host = new TestHost();
    const [sent] = host.exchange(requestText({ method: 'OPTIONS' }));
    expect(statusOf(sent?.text)).toBe('SIP/2.0 200 OK');
    for (const name of ['Allow', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Supported']) {
      expect(sent?.text).toContain(`\r\n${name}:`);
    }
    expect(host.served).toEqual([]);
  });
  test('OPTIONS to a user goes to the service of its owner', () => {
    const host = new TestHost();
    host.exchange(requestText({ method: 'OPTIONS', uri: 'sip:alice@example.com' }));
    expect(host.served).toHaveLength(1);
  });
  test('OPTIONS to another domain is not relayed: 403', () => {
    expect(ask({ method: 'OPTIONS', uri: 'sip:alice@example.org' })).toBe('SIP/2.0 403 Relaying Denied');
    expect(ask({ method: 'OPTIONS', uri: 'sip:example.org' })).toBe('SIP/2.0 403 Relaying Denied');
  });
});

describe('RFC 3261 8.2.7', () => {
  test('"To header tags MUST be generated ... in a manner that will generate the same tag for the same request", on every lane', () => {
    const host = new TestHost({ lanesCount: 2 });
    const text = requestText({ method: 'OPTIONS' });
    const [first] = host.exchange(text, '192.0.2.4:5060', 0);
    const [second] = host.exchange(text, '192.0.2.4:5060', 1);
    expect(first?.text).toMatch(/\r\nTo: <sip:alice@example\.com>;tag=[0-9a-z]+\r\n/);
    expect(second?.text).toBe(first?.text);
    const [other] = host.exchange(requestText({ method: 'OPTIONS', branch: 'z9hG4bK2' }));
    expect(other?.text.match(/;tag=(\w+)\r\nCall/)?.[1]).not.toBe(first?.text.match(/;tag=(\w+)\r\nCall/)?.[1]);
  });
  test('"MUST ignore ACK requests"', () => {
    const host = new TestHost();
    expect(host.exchange(requestText({ method: 'ACK' }))).toEqual([]);
    expect(host.dispatcherState().counts.acks).toBe(1);
  });
});

describe('counting', () => {
  test('methods that clients make up are one name, so that nobody fills memory or metrics with them', () => {
    const host = new TestHost();
    host.exchange(requestText({ method: 'OPTIONS' }));
    host.exchange(requestText({ method: 'INVITE' }));
    for (let i = 0; i < 300; i++) host.exchange(requestText({ method: `MADE-UP${i}` }));
    for (const method of ['a-b', 'a.b', '__proto__', 'options']) host.exchange(requestText({ method }));
    expect(dispatcher.inspect?.(host.dispatcherState())).toMatchObject({
      methods: { OPTIONS: 1, INVITE: 1, other: 304 },
    });
    expect([...host.dispatcherState().methods.keys()].toSorted()).toEqual(['INVITE', 'OPTIONS', 'other']);
  });
});

describe('what is broken', () => {
  test('RFC 3261 21.5.6: a version that is not 2.0 is told 505', () => {
    const text = requestText().replace('example.com SIP/2.0', 'example.com SIP/7.0');
    expect(statusOf(new TestHost().exchange(text)[0]?.text)).toBe('SIP/2.0 505 Version Not Supported');
  });
  test('RFC 3261 21.4.1: the reason phrase names the problem', () => {
    const text = requestText().replace('CSeq: 1 REGISTER', 'CSeq: 1 OPTIONS');
    expect(statusOf(new TestHost().exchange(text)[0]?.text)).toMatch(/^SIP\/2\.0 400 CSeq: /);
  });
  test('a request that lacks what a response needs is dropped and counted', () => {
    const host = new TestHost();
    expect(host.exchange(requestText().replace(/Call-ID.*\r\n/, ''))).toEqual([]);
    expect(host.dispatcherState().counts.malformed).toBe(1);
  });
  test('responses are dropped and counted', () => {
    const host = new TestHost();
    const [sent] = host.exchange(requestText());
    expect(host.exchange(sent!.text)).toEqual([]);
    expect(host.dispatcherState().counts.responses).toBe(1);
  });
  test('every prefix of a REGISTER, and every octet of it changed, neither throws nor is answered twice', () => {
    const host = new TestHost();
    const text = requestText();
    for (let length = 0; length < text.length; length++) {
      expect(host.exchange(text.slice(0, length)).length).toBeLessThanOrEqual(1);
    }
    for (let at = 0; at < text.length; at++) {
      for (const octet of ['\0', ' ', '\r', '"', '<', '\xff']) {
        expect(host.exchange(text.slice(0, at) + octet + text.slice(at + 1)).length).toBeLessThanOrEqual(1);
      }
    }
    expect(host.dispatcherState().counts.received).toBeGreaterThan(text.length);
  });
});
