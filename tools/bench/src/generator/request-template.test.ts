// The templates are SIP, exactly as long as they say, and carry the numbers written into them.
import { parseMessage } from '@chordial/sip-parser';
import { describe, expect, it } from 'vitest';
import {
  cseqMax,
  methods,
  readDigits,
  registerBytes,
  requestTemplate,
  sequenceDigits,
  slotDigits,
  writeNumbers,
} from './request-template.ts';

const domain = 'example.com';
const made = { domain, sentBy: '127.0.0.1:40001', run: 'abcdefgh' };

function requestOf(method: (typeof methods)[number], user: number, cseq: number, slot: number, sequence: number) {
  const template = requestTemplate({ ...made, method });
  const bytes = new Uint8Array(template.bytes.length + 7);
  bytes.set(template.bytes, 7);
  writeNumbers(bytes, 7, template, user, cseq, slot, sequence);
  return { template, bytes: bytes.subarray(7), text: Buffer.from(bytes.subarray(7)).toString('latin1') };
}

describe.each(methods)('the template of %s', (method) => {
  it('gives requests that our own parser accepts', () => {
    const { bytes } = requestOf(method, 99_999, 123_456_789, 63, 42);
    expect(parseMessage(bytes)).toMatchObject({ ok: true });
  });

  it('overwrites every mark and moves nothing', () => {
    const { template, text } = requestOf(method, 7, cseqMax, 3, 1);
    expect(text).toHaveLength(template.bytes.length);
    expect(text).not.toMatch(/UU|CC|BB/);
    expect(text).toContain('From: "User 000007" <sip:user000007@example.com>;tag=a000007f1\r\n');
    expect(text).toContain('Call-ID: 000007-');
    expect(text).toContain(`CSeq: 999999999 ${method}\r\n`);
    expect(text).toContain(';branch=z9hG4bKabcdefgh0003000000001;rport\r\n');
    expect(text.endsWith('Content-Length: 0\r\n\r\n')).toBe(true);
  });

  it('reads back what it wrote', () => {
    const { template, bytes } = requestOf(method, 1, 200_000_000, 4_095, 987_654_321);
    expect(readDigits(bytes, template.branchOffset, slotDigits)).toBe(4_095);
    expect(readDigits(bytes, template.branchOffset + slotDigits, sequenceDigits)).toBe(987_654_321);
  });
});

it('makes a REGISTER of exactly 473 octets whatever the width of the port', () => {
  for (const sentBy of ['127.0.0.1:5060', '127.0.0.1:40001']) {
    expect(requestTemplate({ ...made, sentBy, method: 'REGISTER' }).bytes).toHaveLength(registerBytes);
  }
  expect(() => requestTemplate({ ...made, domain: 'a.'.repeat(60), method: 'REGISTER' })).toThrow('no room');
});

it('reads digits only', () => {
  expect(readDigits(Buffer.from('12a4'), 0, 4)).toBe(-1);
  expect(readDigits(Buffer.from('12'), 0, 4)).toBe(-1);
});
