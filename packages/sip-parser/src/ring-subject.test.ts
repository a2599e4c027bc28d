// Which user or dialog a message belongs to on the ring, by method, and that hashing octets agrees with hashing the text.
import { KeyHasher, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { hashSubject, Peek, peek, ringKeyOf } from './index.ts';
import { ringKeySubject } from './ring-subject.ts';

const key = '00112233445566778899aabbccddeeff00112233';

function seen(method: string, options: { toTag?: string; route?: string } = {}): Peek {
  const bytes = Buffer.from(
    `${method} sips:Bob@Target.example SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:f@f>;tag=1\r\nTo: <sip:al%69ce@Home.example>${options.toTag ?? ''}\r\n` +
      `Call-ID: 1\r\nCSeq: 1 ${method}\r\n${options.route ?? ''}\r\n`,
  );
  const result = new Peek();
  expect(peek(bytes, 0, bytes.length, result)).toBe(true);
  return result;
}

const route = `Route: "rk=${'f'.repeat(40)}" <sip:edge;lr;rk=${key.toUpperCase()}>\r\n`;

describe('the ring key of a message', () => {
  it.each(['REGISTER', 'PUBLISH'])('%s goes by To', (method) => {
    expect(ringKeySubject(seen(method))).toBe('alice@home.example');
    expect(ringKeyOf(seen(method))).toBe(ringKeyFromText('alice@home.example'));
  });

  it.each(['INVITE', 'SUBSCRIBE', 'OPTIONS', 'MESSAGE', 'FOO'])('%s goes by the Request-URI', (method) => {
    expect(ringKeySubject(seen(method))).toBe('Bob@target.example');
  });

  it('the host can be replaced by the domain it is another name of', () => {
    expect(ringKeyOf(seen('REGISTER'), 'real.example')).toBe(ringKeyFromText('alice@real.example'));
    expect([seen('REGISTER').subjectUser, seen('REGISTER').subjectHost]).toEqual(['alice', 'home.example']);
  });

  it('requests in a dialog and ACK go by the key of the topmost Route, others do not', () => {
    expect(ringKeyOf(seen('BYE', { toTag: ';tag=2', route }))).toBe(key);
    expect(ringKeyOf(seen('ACK', { route }))).toBe(key);
    expect(ringKeyOf(seen('INVITE', { route }))).toBe(ringKeyFromText('Bob@target.example'));
    expect(ringKeyOf(seen('BYE', { toTag: ';tag=2', route: 'Route: <sip:edge;rk=xyz>\r\n' }))).toBe(
      ringKeyFromText('Bob@target.example'),
    );
  });

  it('responses go by Via, or name no key', () => {
    const response = (via: string): Peek => {
      const bytes = Buffer.from(
        `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h${via}\r\nFrom: <sip:f@f>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n`,
      );
      const result = new Peek();
      peek(bytes, 0, bytes.length, result);
      return result;
    };
    expect(ringKeyOf(response(`;branch=1;rk=${key}`))).toBe(key);
    expect(ringKeyOf(response(''))).toBeUndefined();
  });
});

describe('the hashed subject', () => {
  const hasher = new KeyHasher();

  it.each(['REGISTER', 'PUBLISH', 'INVITE', 'OPTIONS'])(
    '%s: the same key as ringKeyOf, with and without another host',
    (method) => {
      expect(hashSubject(seen(method), hasher)).toBe(true);
      expect(hasher.key).toBe(ringKeyOf(seen(method)));
      expect(hashSubject(seen(method), hasher, 'real.example')).toBe(true);
      expect(hasher.key).toBe(ringKeyOf(seen(method), 'real.example'));
    },
  );

  it('plain octets, no user, no SIP address, a response', () => {
    const peeked = (uri: string, start = `OPTIONS ${uri} SIP/2.0`): Peek => {
      const rest =
        '\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:f@f>;tag=1\r\nTo: <sip:t@t>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n';
      const bytes = Buffer.from(start + rest);
      const result = new Peek();
      expect(peek(bytes, 0, bytes.length, result)).toBe(true);
      return result;
    };
    expect(hashSubject(peeked('sip:bob@example.com'), hasher)).toBe(true);
    expect(hasher.key).toBe(ringKeyFromText('bob@example.com'));
    expect(hashSubject(peeked('sip:example.com'), hasher)).toBe(true);
    expect(hasher.key).toBe(ringKeyFromText('example.com'));
    expect(hashSubject(peeked('tel:+1'), hasher)).toBe(false);
    expect(hashSubject(peeked('', 'SIP/2.0 200 OK'), hasher)).toBe(false);
  });
});
