// Keys must compare as the URIs do: for any two URIs, `contactsMatch` of their keys says what the parser's `uriEquals`
// says of them (RFC 3261 19.1.4).
import { contactsMatch } from '@chordial/location';
import { ParseError, parseUri } from '@chordial/sip-parser';
import { uriEquals } from '@chordial/sip-parser/headers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contactKeyOf, isOwnKey, keyOfUri } from './contact-key.ts';

function match(a: string, b: string): boolean {
  const [aKey, bKey] = [contactKeyOf(a), contactKeyOf(b)];
  if (aKey instanceof ParseError || bKey instanceof ParseError) throw new Error(`${a} and ${b} are URIs`);
  return contactsMatch(aKey, bKey);
}

describe('RFC 3261 19.1.4, the examples', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
  ])('%s equals %s', (a, b) => {
    expect(match(a, b)).toBe(true);
    expect(match(b, a)).toBe(true);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
  ])('%s does not equal %s', (a, b) => {
    expect(match(a, b)).toBe(false);
    expect(match(b, a)).toBe(false);
  });
});

const user = fc.constantFrom('', 'a@', 'A@', '%61@', 'a:b@', 'a:%62@', 'a%3Ab@', 'a%3ab@', 'a;x@', 'a%3Bx@', '+1-5@');
const host = fc.constantFrom('h.example', 'H.example', '192.0.2.4', '[2001:db8::1]', '[2001:DB8::1]', 'h_1');
const port = fc.constantFrom('', ':5060', ':5061', ':05060', ':65535', ':0');
const parameter = fc.constantFrom(
  ';transport=udp',
  ';transport=UDP',
  ';Transport=tcp',
  ';user=phone',
  ';ttl=1',
  ';method=INVITE',
  ';maddr=1.2.3.4',
  ';lr',
  ';lr=',
  ';line=1',
  ';line=2',
  ';line=%31',
  ';ob',
  ';a-b=x',
  ';a=X',
  ';a=%2f',
  ';a=%2F',
);
const headers = fc.constantFrom('', '?a=b', '?A=b', '?a=%62', '?a=b&c=d', '?c=d&a=b');
type Parts = readonly [string, string, string, string, readonly string[], string];
const parts = fc.tuple(
  fc.constantFrom('sip:', 'sips:', 'SIP:'),
  user,
  host,
  port,
  fc.array(parameter, { maxLength: 3 }),
  headers,
);
const textOf = ([scheme, name, domain, number, parameters, query]: Parts): string =>
  scheme + name + domain + number + parameters.join('') + query;
const uri = parts.map(textOf);
/** Two URIs that share most parts, so that many pairs are equal. */
const pair = fc
  .tuple(parts, parts, fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }))
  .map(([a, b, differing]): [string, string] => {
    const mixed = a.map((part, i) => (differing.includes(i) ? b[i] : part)) as unknown as Parts;
    return [textOf(a), textOf(mixed)];
  });
const other = fc.constantFrom('tel:+1', 'TEL:+1', 'tel:+1;ext=2', 'mailto:a@b');

describe('any two URIs', () => {
  it('have keys that match exactly when the URIs are equal', () => {
    let equalCount = 0;
    const same = fc.property(fc.oneof({ weight: 9, arbitrary: pair }, fc.tuple(other, other)), ([a, b]) => {
      const [aUri, bUri] = [parseUri(a), parseUri(b)];
      fc.pre(!(aUri instanceof ParseError) && !(bUri instanceof ParseError));
      const equal = uriEquals(aUri, bUri);
      if (equal) equalCount++;
      expect(match(a, b)).toBe(equal);
    });
    fc.assert(same, { numRuns: 20_000 });
    expect(equalCount).toBeGreaterThan(1_000);
  });

  it('a URI that differs only in spelling has a matching key', () => {
    const spelled = fc.property(uri, (a) => {
      const parsed = parseUri(a);
      fc.pre(!(parsed instanceof ParseError));
      const upper = a.replace(parsed.host, parsed.host.toUpperCase());
      const escaped = parsed.user === 'a' ? upper.replace(':a', ':%61') : upper;
      expect(match(a, escaped)).toBe(true);
    });
    fc.assert(spelled, { numRuns: 2_000 });
  });
});

describe('a URI that is its own key', () => {
  it('has just the key that the long way gives', () => {
    const plain = fc.tuple(
      fc.constantFrom('', 'alice@', '+1-5.x_y@', 'a@b@', '@'),
      fc.constantFrom('192.0.2.4', 'h.example', '-', 'H', '', 'x_y', '[::1]'),
      fc.constantFrom('', ':', ':5060', ':0', ':01', ':65535', ':65536', ':123456', ':50a'),
      fc.constantFrom('', ';transport=udp', ';transport=UDP', ';transport=', ';transport=sctp', ';lr', '?a=b', ' '),
    );
    let ownCount = 0;
    const own = fc.property(plain, ([name, domain, number, rest]) => {
      const text = `sip:${name}${domain}${number}${rest}`;
      if (!isOwnKey(text)) return;
      ownCount++;
      const parsed = parseUri(text);
      expect(parsed instanceof ParseError ? parsed.sentence : keyOfUri(parsed)).toBe(text);
    });
    fc.assert(own, { numRuns: 3_000 });
    expect(ownCount).toBeGreaterThan(10);
    expect(isOwnKey('sip:alice@192.0.2.4:5060;transport=udp')).toBe(true);
  });
});
