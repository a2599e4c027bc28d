// RFC 5118, all 12 messages, against the labels of the corpus. Three print a Content-Length that does not fit their body; the
// corpus has corrected copies, and those are read.

import { ParseError, Peek, parseMessage, peek, type SipMessage } from '@chordial/sip-parser';
import { describe, expect, it } from 'vitest';
import { wrongGetters } from './agreement.ts';
import { corpusFile, corpusIsPresent, corpusText } from './corpus.ts';

interface Label {
  readonly expect: readonly [string, string];
  readonly trap?: string;
}

const labels: Readonly<Record<string, Label>> = corpusIsPresent
  ? (JSON.parse(corpusText('rfc5118/labels.json')) as Record<string, Label>)
  : {};

function bytesOf(name: string): Uint8Array {
  return corpusFile(
    labels[name]?.trap === undefined ? `rfc5118/${name}.sip` : `rfc5118/fixed-content-length/${name}.sip`,
  );
}

function message(name: string): SipMessage {
  const parsed = parseMessage(bytesOf(name));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error}`);
  return parsed.message;
}

function value<T>(read: T | ParseError): T {
  if (read instanceof ParseError) throw new Error(String(read));
  return read;
}

describe.skipIf(!corpusIsPresent)('RFC 5118', () => {
  it('has 12 messages with a label', () => {
    expect(Object.keys(labels)).toHaveLength(12);
  });

  for (const [name, label] of Object.entries(labels)) {
    const rejected = label.expect[1].startsWith('reject');
    it(`${name}: ${label.expect[1]}`, () => {
      const bytes = bytesOf(name);
      const seen = new Peek();
      expect(peek(bytes, 0, bytes.length, seen)).toBe(!rejected);
      expect(parseMessage(bytes).ok).toBe(!rejected);
      if (rejected) expect(seen.error).toMatchObject({ field: 'Request-URI', statusSuggested: 400 });
      else expect(wrongGetters(message(name))).toEqual([]);
    });
  }

  it('port-ambiguous and port-unambiguous: the port is what follows the bracket', () => {
    const [ambiguous, unambiguous] = [message('port-ambiguous').uri!, message('port-unambiguous').uri!];
    expect([ambiguous.host, ambiguous.port]).toEqual(['[2001:db8::10:5070]', 0]);
    expect([unambiguous.host, unambiguous.port]).toEqual(['[2001:db8::10]', 5070]);
  });

  it('received is read with and without brackets, and given without', () => {
    expect(value(message('via-received-param-with-delim').topVia).received).toBe('2001:db8::9:255');
    expect(value(message('via-received-param-no-delim').topVia).received).toBe('2001:db8::9:255');
  });

  it('mult-ip-in-header: both kinds of address', () => {
    expect(value(message('mult-ip-in-header').via).map(({ host, port }) => [host, port])).toEqual([
      ['[2001:db8::9:1]', 6050],
      ['192.0.2.1', 0],
      ['[2001:db8::9:255]', 0],
    ]);
  });

  it('ipv6-bug-abnf-3-colons is tolerated', () => {
    expect(message('ipv6-bug-abnf-3-colons').uri!.host).toBe('[2001:db8:::192.0.2.1]');
  });

  it('the three with a trap are short of their Content-Length or longer, as printed', () => {
    const traps = Object.keys(labels).filter((name) => labels[name]!.trap !== undefined);
    expect(traps.map((name) => parseMessage(corpusFile(`rfc5118/${name}.sip`)).ok)).toEqual([false, true, true]);
    expect(traps.map((name) => message(name).body.length === message(name).contentLength)).toEqual([true, true, true]);
  });
});
