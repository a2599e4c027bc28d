// Typed headers of a full parse: values, lists, errors with their place; and what the serializer writes parses to the same (RFC 3261 20).
import { describe, expect, it } from 'vitest';
import { ParseError, parseMessage, type SipMessage, serializeMessage } from './index.ts';

const basic = ['Via: SIP/2.0/UDP h', 'From: <sip:a@b>;tag=1', 'To: <sip:a@b>', 'Call-ID: 1', 'CSeq: 1 REGISTER'];

function message(...lines: string[]): SipMessage {
  const parsed = parseMessage(Buffer.from(['REGISTER sip:b SIP/2.0', ...basic, ...lines, '', ''].join('\r\n')));
  if (!parsed.ok) throw new Error(String(parsed.error));
  return parsed.message;
}

describe('SipMessage', () => {
  it('reads contacts with their parameters', () => {
    const { contacts } = message(
      'Contact: "A, B" <sip:a@h;transport=tcp>;q=0.75;expires=60;+sip.instance="<urn:x>";reg-id=2, sip:c@h;expires=soon',
      'm: <sip:d@h>',
    );
    expect(contacts).toMatchObject([
      { star: false, displayName: 'A, B', q: 0.75, expires: 60, instance: '<urn:x>', regId: 2 },
      { star: false, q: undefined, expires: 3600, uri: { text: 'sip:c@h' } },
      { star: false, expires: undefined, uri: { host: 'h' } },
    ]);
    expect(message('Contact: *').contacts).toEqual([{ star: true }]);
    expect(message().contacts).toEqual([]);
    expect(message('Contact: <sip:a@h>;q=1.5').contacts).toMatchObject({ field: 'Contact' });
  });

  it('splits lists where the grammar has lists, and only there', () => {
    const full = message(
      'Supported: path, outbound',
      'k: gruu',
      'Supported:',
      'Subject: a, b',
      'Date: Sat, 13 Nov 2010 23:29:00 GMT',
      'Accept: text/x;a="1,2", y/z',
    );
    expect(full.supported).toEqual(['path', 'outbound', 'gruu']);
    expect(full.headers('s')).toEqual(['a, b']);
    expect(full.headers('Accept')).toEqual(['text/x;a="1,2"', 'y/z']);
    expect(full.headers('DATE')).toHaveLength(1);
    expect(full.headers('X-None')).toEqual([]);
  });

  it('trims the white space of SIP from list values, and no octet of UTF-8', () => {
    expect(message('Warning: 399 h "a" , \t399 h "b\u00e0\u00e0" \u00e0 ').headers('warning')).toEqual([
      '399 h "a"',
      '399 h "b\u00e0\u00e0" \u00e0',
    ]);
  });

  it('places an error inside the line it is about', () => {
    const text = 'OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/\r\nTo: <sip:a@b>\r\n\r\n';
    const parsed = parseMessage(Buffer.from(text));
    expect(parsed.ok ? undefined : parsed.error).toMatchObject({ field: 'Via', offset: text.indexOf('\r\nTo') });
  });

  it('gives an error for what is wrong and undefined for what is absent, the same each time', () => {
    const wrong = message('Expires: soon', 'Content-Type: x', 'Event: a', 'Event: b');
    expect([wrong.expires, wrong.contentType, wrong.event].every((read) => read instanceof ParseError)).toBe(true);
    expect(wrong.expires).toBe(wrong.expires);
    expect(wrong.event).toMatchObject({ field: 'Event', sentence: 'this header may stand only once' });
    expect([message().expires, message().event, message().contentType, message().maxForwards]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reads the other typed headers', () => {
    const full = message(
      'Route: <sip:p;lr>, <sip:q;lr>',
      'Path: <sip:e;lr;ob>',
      'o: presence;id=4',
      'c: application/PIDF+xml ; charset="x"',
      'Require: a',
      'Expires: 4294967295',
    );
    expect(full.route).toMatchObject([{ uri: { host: 'p' } }, { uri: { host: 'q' } }]);
    expect(full.path).toMatchObject([{ uri: { text: 'sip:e;lr;ob' } }]);
    expect(full.event).toMatchObject({ type: 'presence' });
    expect(full.contentType).toMatchObject({ type: 'application/pidf+xml' });
    expect([full.require, full.expires]).toEqual([['a'], 4_294_967_295]);
  });
});

describe('serializeMessage', () => {
  it('writes what parseMessage reads', () => {
    const headers = basic.map((line) => line.split(': ') as [string, string]);
    const bytes = serializeMessage({ method: 'REGISTER', uri: 'sip:b' }, headers, new Uint8Array([1, 2]));
    const parsed = parseMessage(bytes as Uint8Array);
    expect(parsed).toMatchObject({ ok: true, message: { method: 'REGISTER', contentLength: 2, callId: '1' } });
  });

  it.each([
    [{ method: 'A B', uri: 'sip:b' }, [], 'start-line'],
    [{ method: 'A', uri: 'sip:b c' }, [], 'Request-URI'],
    [{ statusCode: 99, reason: '' }, [], 'start-line'],
    [{ statusCode: 200, reason: 'a\r\nb' }, [], 'start-line'],
    [{ statusCode: 200, reason: '' }, [['X', 'a\nb']], 'X'],
    [{ statusCode: 200, reason: '' }, [['X:', 'a']], 'header'],
    [{ statusCode: 200, reason: '' }, [['l', '0']], 'l'],
  ] as const)('refuses %j %j', (start, headers, field) => {
    expect(serializeMessage(start, headers)).toMatchObject({ field });
  });
});
