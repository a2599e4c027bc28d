// Messages and keep-alives from a stream that is cut anywhere (RFC 3261 18.3, RFC 5626 4.4.1), within limits.
import { describe, expect, it } from 'vitest';
import { StreamFramer } from './index.ts';

const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const one = 'OPTIONS sip:a SIP/2.0\r\nX: y\r\nl: 3\r\n\r\nabc';
const names = (framer: StreamFramer, text: string): string[] => framer.feed(octets(text)).map((frame) => frame.type);

describe('StreamFramer', () => {
  it('gives messages, however they are cut, and a keep-alive for each double CRLF between them', () => {
    const stream = `\r\n\r\n${one}\r\n\r\n\r\n\r\n${one}${one}`;
    const whole = ['keep-alive', 'message', 'keep-alive', 'keep-alive', 'message', 'message'];
    expect(names(new StreamFramer(), stream)).toEqual(whole);
    const framer = new StreamFramer();
    expect(Array.from(stream).flatMap((octet) => names(framer, octet))).toEqual(whole);
    expect(framer.pendingBytes).toBe(0);
  });

  it('copies: a chunk may be reused', () => {
    const chunk = octets(one);
    const [frame] = new StreamFramer().feed(chunk);
    chunk.fill(0);
    expect(frame?.type === 'message' && Buffer.from(frame.bytes).toString()).toBe(one);
  });

  it.each([
    ['no Content-Length', 'A sip:a SIP/2.0\r\n\r\n', 'Content-Length'],
    ['a negative one', 'A sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n', 'Content-Length'],
    ['two', 'A sip:a SIP/2.0\r\nl: 0\r\nContent-Length : 0\r\n\r\n', 'Content-Length'],
    ['a body above the limit', 'A sip:a SIP/2.0\r\nl: 70000\r\n\r\n', 'Content-Length'],
    ['a bare LF', 'A sip:a SIP/2.0\r\nX: y\nl: 0\r\n\r\n', 'header'],
    ['headers above the limit', `A sip:a SIP/2.0\r\nX: ${'y'.repeat(40_000)}`, 'header'],
  ])('%s breaks the stream, for good', (_, text, field) => {
    const framer = new StreamFramer();
    expect(framer.feed(octets(text))).toMatchObject([{ type: 'broken', error: { field } }]);
    expect(names(framer, one)).toEqual(['broken']);
  });

  it('has limits of its own', () => {
    expect(names(new StreamFramer({ bodyBytesMax: 2 }), one)).toEqual(['broken']);
    expect(names(new StreamFramer({ headersBytesMax: 20 }), one)).toEqual(['broken']);
    expect(names(new StreamFramer({ missingLengthIsZero: true }), 'A sip:a SIP/2.0\r\n\r\n')).toEqual(['message']);
  });
});
