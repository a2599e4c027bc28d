// Every part that `peek` finds in a request or response, wherever it lies; what it refuses; and no prefix passes for a whole message.
import { describe, expect, it } from 'vitest';
import { Peek, peek } from './index.ts';

const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const register = [
  'REGISTER sip:Example.COM SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.15:5062;branch=z9hG4bKa1;rport;received=10.0.0.1',
  'v: SIP/2.0/TLS [2001:db8::1];branch=z9hG4bKb2',
  'Max-Forwards: 70',
  'From: "Al \\"X\\" <ice>" <sips:al%69ce:pw@EXAMPLE.com:5061;x=y>;tag=abc',
  'To : Alice <sip:al%69ce@EXAMPLE.com>',
  'Call-ID: 1@2',
  'CSeq: 7',
  ' REGISTER',
  'm: <sip:a@192.0.2.15,x>;q=1, <sip:b@c>',
  'Route: <sip:u;rk=no@edge.example.com;lr;rk=00112233445566778899aabbccddeeff00112233>',
  'Require: path',
  'l: 2',
  '',
  'hi and more',
].join('\r\n');

function seen(text: string, from = 0): Peek {
  const result = new Peek();
  const bytes = octets(text);
  peek(bytes, from, bytes.length, result);
  return result;
}

const change = (from: string | RegExp, to: string): Peek => seen(register.replace(from, to));

describe('peek', () => {
  it('finds every part, wherever in the octets the message lies', () => {
    const found = seen(`xxxx\r\n\r\n${register}`, 4);
    expect(found.error).toBeUndefined();
    expect(found).toMatchObject({
      kind: 'request',
      method: 'REGISTER',
      statusCode: 0,
      cseqNumber: 7,
      cseqMethod: 'REGISTER',
      maxForwards: 70,
      contentLength: 2,
      hasRequire: true,
      hasProxyRequire: false,
      viaLinesCount: 2,
      viaTransport: 'UDP',
      viaHost: '192.0.2.15',
      viaPort: 5062,
      viaBranch: 'z9hG4bKa1',
      viaReceived: '10.0.0.1',
      hasRport: true,
      callId: '1@2',
      fromTag: 'abc',
      toTag: '',
      uriText: 'sip:Example.COM',
      contact: '<sip:a@192.0.2.15,x>;q=1',
      carriedKey: '00112233445566778899aabbccddeeff00112233',
      answerable: true,
    });
    expect(found.bodyEnd - found.bodyStart).toBe(2);
  });

  it('gives one spelling of an address of record', () => {
    const found = seen(register);
    expect([found.aorOf('to'), found.aorOf('from'), found.aorOf('request-uri')]).toEqual([
      'alice@example.com',
      'alice@example.com',
      'example.com',
    ]);
    expect(change('al%69ce@', 'a%2fb%e9 @'.replace(' ', '')).aorOf('to')).toBe('a%2Fb%E9@example.com');
    expect(change('al%69ce@', '*31#%2a@').aorOf('to')).toBe('*31%23*@example.com');
  });

  it('starts afresh with each message', () => {
    const reused = new Peek();
    const [first, second] = [octets(register), octets('SIP/2.0 200 OK\r\nCall-ID: z\r\n\r\n')];
    peek(first, 0, first.length, reused);
    expect(peek(second, 0, second.length, reused)).toBe(false);
    expect(reused).toMatchObject({
      kind: 'response',
      method: '',
      statusCode: 200,
      fromTag: '',
      viaBranch: '',
      route: '',
      cseqNumber: -1,
      answerable: false,
    });
  });

  it.each([
    ['a space too many', /REGISTER sip/, 'REGISTER  sip', 'Request-URI', 400],
    ['another version', 'SIP/2.0\r\nVia', 'SIP/7.0\r\nVia', 'start-line', 505],
    ['no colon in a header line', 'Call-ID:', 'Call-ID', 'header', 400],
    ['a bare LF', '70\r\n', '70\n', 'header', 400],
    ['a bare CR', '1@2', '1\r@2', 'header', 400],
    ['a CR instead of "-"', 'l: 2', 'Content\rLength: 2', 'header', 400],
    ['two To', 'Require', 'To: <sip:a@b>\r\nRequire', 'To', 400],
    ['a method that differs', ' REGISTER\r\n', ' OPTIONS\r\n', 'CSeq', 400],
    ['CSeq of 2^31', 'CSeq: 7', 'CSeq: 2147483648', 'CSeq', 400],
    ['Max-Forwards of 256', ': 70', ': 256', 'Max-Forwards', 400],
    ['a wrong escape', 'al%69ce@', 'al%6gce@', 'To', 400],
    ['a wrong escape in a password', 'ce:pw@', 'ce:%@', 'From', 400],
    ['a port too high', ':5062', ':65536', 'Via', 400],
    ['a body too long for any message', 'l: 2', 'l: 99999999999999999999', 'Content-Length', 513],
    ['a missing header', /Call-ID.*\r\n/, '', 'Call-ID', 400],
  ])('refuses %s and names the field', (_, from, to, field, status) => {
    const refused = change(from, to);
    expect(refused.error).toMatchObject({ field, statusSuggested: status });
    expect(refused.needMore).toBe(false);
  });

  it('needs more for every beginning of a message, and never accepts one', () => {
    const bytes = octets(register.slice(0, -' and more'.length));
    const cut = new Peek();
    const accepted = Array.from(bytes.keys()).filter((end) => peek(bytes, 0, end, cut) || !cut.needMore);
    expect(accepted).toEqual([]);
    expect(peek(bytes, 0, bytes.length, cut)).toBe(true);
  });

  it('can answer what it refuses when the fields for an answer are there', () => {
    expect(change('al%69ce@', '@').answerable).toBe(true);
    expect(change('REGISTER sip', 'ACK sip').answerable).toBe(false);
    expect(change(/From.*\r\n/, '').answerable).toBe(false);
  });

  it('counts header lines and Via lines', () => {
    expect(change('Require', `${'X: y\r\n'.repeat(256)}Require`).error).toMatchObject({
      sentence: 'more than 256 header lines',
    });
    expect(change('Require', `${'Via: SIP/2.0/UDP a\r\n'.repeat(127)}Require`).error).toMatchObject({
      field: 'Via',
      sentence: 'more than 128 Via lines',
    });
  });
});
