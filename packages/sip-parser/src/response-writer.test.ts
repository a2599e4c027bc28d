// Responses built from the octets of a request (RFC 3261 8.2.6.2), never longer than the room given and never with a line that was smuggled in.
import { describe, expect, it } from 'vitest';
import { Peek, parseMessage, peek, type ResponseParts, writeResponse } from './index.ts';

const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

function request(via: string, to = 'To: <sip:a@b>'): Peek {
  const bytes = octets(
    `OPTIONS sip:b SIP/2.0\r\n${via}\r\nFrom: <sip:c@d>;tag=1 \r\nSubject: x\r\n${to}\r\nv: SIP/2.0/TCP second\r\ni: 9@8\r\nCSeq: 4\r\n OPTIONS\r\n\r\n`,
  );
  const result = new Peek();
  expect(peek(bytes, 0, bytes.length, result)).toBe(true);
  return result;
}

function written(seen: Peek, parts: ResponseParts): string {
  const target = new Uint8Array(1000);
  const end = writeResponse(target, 10, seen, parts);
  return Buffer.from(target.subarray(10, end)).toString('latin1');
}

const ok = { statusCode: 200, reason: 'OK' };

describe('writeResponse', () => {
  it('copies what a response needs, in the order and spelling of the request', () => {
    const body = octets('hi');
    const text = written(request('Via: SIP/2.0/UDP h;branch=z9hG4bK1'), {
      ...ok,
      toTag: 't7',
      extraHeaders: 'Allow: OPTIONS\r\n',
      body,
    });
    expect(text).toBe(
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nv: SIP/2.0/TCP second\r\nFrom: <sip:c@d>;tag=1\r\n' +
        'To: <sip:a@b>;tag=t7\r\ni: 9@8\r\nCSeq: 4\r\n OPTIONS\r\nAllow: OPTIONS\r\nContent-Length: 2\r\n\r\nhi',
    );
    expect(parseMessage(octets(text)).ok).toBe(true);
  });

  it.each([
    ['rport is filled in and received added', ';rport;branch=1', ';rport=5070;branch=1;received=10.0.0.9'],
    ['rport last', ';branch=1;rport', ';branch=1;rport=5070;received=10.0.0.9'],
    ['a forged rport is replaced', ';rport=1;branch=1', ';rport=5070;branch=1;received=10.0.0.9'],
    [
      'a forged received is replaced, before rport',
      ';received=6.6.6.6;rport;branch=1',
      ';rport=5070;branch=1;received=10.0.0.9',
    ],
    [
      'a forged received is replaced, after rport',
      ';rport;received=6.6.6.6;branch=1',
      ';rport=5070;branch=1;received=10.0.0.9',
    ],
    ['no rport is added that was not asked for', ';branch=1', ';branch=1;received=10.0.0.9'],
    ['later values of the line stay', ';branch=1, SIP/2.0/UDP z', ';branch=1;received=10.0.0.9, SIP/2.0/UDP z'],
  ])('topmost Via: %s', (_, before, after) => {
    const text = written(request(`Via: SIP/2.0/UDP h${before}`), { ...ok, received: '10.0.0.9', rport: 5070 });
    expect(text.split('\r\n')[1]).toBe(`Via: SIP/2.0/UDP h${after}`);
  });

  it('keeps a tag that is there', () => {
    expect(written(request('Via: SIP/2.0/UDP h', 't: <sip:a@b>;tag=old'), { ...ok, toTag: 'new' })).toContain(
      '\r\nt: <sip:a@b>;tag=old\r\n',
    );
  });

  it('cannot be made to write a second line by reason or tag', () => {
    const text = written(request('Via: SIP/2.0/UDP h'), { statusCode: 400, reason: 'a\r\nX: y', toTag: 't\r\nX: y' });
    expect(text).not.toMatch(/^X:/m);
  });

  it('says -1 when it does not fit, and writes exactly up to the end when it does', () => {
    const seen = request('Via: SIP/2.0/UDP h');
    const bytes = written(seen, ok).length;
    expect(writeResponse(new Uint8Array(bytes), 0, seen, ok)).toBe(bytes);
    expect(writeResponse(new Uint8Array(bytes - 1), 0, seen, ok)).toBe(-1);
  });
});
