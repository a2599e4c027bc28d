// The short way and the parser must find the same wishes in any Contact lines, and the line reader the same values as the parser.
import { ParseError, Peek, parseMessage, peek } from '@chordial/sip-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestText } from '../bench/registrar-lane.ts';
import { usualWish } from './contact-line.ts';
import { contactWishes, parsedWishes } from './contact-wishes.ts';
import { HeaderLines } from './header-lines.ts';

const uri = fc.constantFrom(
  'sip:a@192.0.2.4:5060',
  'sip:a@h.example;transport=udp',
  'sip:A@H.example',
  'sip:a@h;ob',
  'sips:a@h',
  'tel:+1',
  'sip:@h',
  'sip:a@h:99999',
);
const parameter = fc.constantFrom(
  ';expires=60',
  ';expires=0',
  ';expires=4294967295',
  ';expires=4294967296',
  ';expires=',
  ';expires=1x',
  ';expires',
  ';Expires=5',
  ';q=0',
  ';q=0.',
  ';q=0.5',
  ';q=0.333',
  ';q=0.1234',
  ';q=1',
  ';q=1.000',
  ';q=2',
  ';q=.5',
  ' ; q=0.7',
  ';+sip.instance="<urn:uuid:1>"',
  ';+sip.instance="a\\"b"',
  ';reg-id=1',
  ';reg-id=0',
  ';reg-id=9999999999',
  ';reg-id=x',
  ';+sip.instance=""',
  ';+sip.instance=abc',
  ';+sip.instance="a b"',
  ';x=',
  ';x="open',
  ';x=a"b',
  ';X="\u00e9"',
  ';;',
  ';x',
  ';x="a,b;c"',
);
const value = fc
  .tuple(
    fc.constantFrom('<', '<', 'A <', '"A, B" <', '"A"<', '"\u00e9" <', '"a\\"b" <', '""<', ''),
    uri,
    fc.array(parameter, { maxLength: 3 }),
  )
  .map(([open, text, parameters]) => `${open}${text}${open === '' ? '' : '>'}${parameters.join('')}`);
const line = fc
  .tuple(
    fc.constantFrom(
      'Contact: ',
      'Contact: ',
      'Contact: ',
      'contact:',
      'm: ',
      'M : ',
      'Contact:\r\n ',
      'Content-Type: ',
    ),
    value,
    fc.constantFrom('', '', '', ' ', ', *', ',<sip:b@h>'),
  )
  .map(([name, text, rest]) => name + text + rest);

function peeked(lines: readonly string[]): Peek | undefined {
  const into = new Peek();
  const bytes = new TextEncoder().encode(requestText({ lines }));
  return peek(bytes, 0, bytes.length, into) ? into : undefined;
}

/** Errors differ in nothing the answer shows. */
const shown = (wishes: ReturnType<typeof parsedWishes>) => (wishes instanceof ParseError ? wishes.field : wishes);

describe('the wishes of a REGISTER', () => {
  it('are the same the short way and by the parser', () => {
    let usualCount = 0;
    const same = fc.property(fc.array(line, { maxLength: 2 }), (lines) => {
      const request = peeked(lines);
      if (request === undefined) return;
      const headerLines = new HeaderLines();
      headerLines.read(request.bytes, request.start, request.bodyStart);
      const wishes = shown(contactWishes(request, headerLines));
      const { contactLinesCount, contactStart, contactEnd } = headerLines;
      if (contactLinesCount === 1 && usualWish(request, contactStart, contactEnd) !== undefined) usualCount++;
      expect(wishes).toEqual(shown(parsedWishes(request.bytes, request.start, request.end)));
    });
    fc.assert(same, { numRuns: 30_000 });
    expect(usualCount).toBeGreaterThan(500);
  });
});

describe('the header lines', () => {
  it('are those that the parser finds', () => {
    const other = fc.constantFrom(
      'Expires: 60',
      'EXPIRES:60',
      'Expires:\r\n\t7 ',
      'Expires:',
      'Expire: 1',
      'User-Agent: Phone/1',
      'user-agent :\tX  ',
      'Unknown: Expires: 5',
      'Event: presence\r\n Expires: 9',
      'Contact: <sip:a@h>',
      'm:<sip:b@h>',
      'Contacts: 1',
    );
    const same = fc.property(fc.array(other, { maxLength: 4 }), (lines) => {
      const request = peeked(lines);
      if (request === undefined) return;
      const found = new HeaderLines();
      found.read(request.bytes, request.start, request.bodyStart);
      const parsed = parseMessage(request.bytes, request.start, request.end);
      if (!parsed.ok) throw new Error(String(parsed.error));
      const { message } = parsed;
      const text = (start: number, end: number) => new TextDecoder().decode(request.bytes.subarray(start, end));
      expect(found.contactLinesCount).toBe(message.headerNames.filter((name) => name === 'contact').length);
      expect(found.expiresLinesCount).toBe(message.headerNames.filter((name) => name === 'expires').length);
      expect(text(found.expiresStart, found.expiresEnd)).toBe(message.headers('expires').at(-1) ?? '');
      expect(text(found.userAgentStart, found.userAgentEnd)).toBe(message.headers('user-agent').at(-1) ?? '');
    });
    fc.assert(same, { numRuns: 3_000 });
  });
});
