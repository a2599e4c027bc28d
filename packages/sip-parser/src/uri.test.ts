// URIs taken apart, and compared by the examples of RFC 3261 19.1.4.
import { describe, expect, it } from 'vitest';
import { uriEquals } from './headers.ts';
import { aorOf, ParseError, parseUri, type SipUri } from './index.ts';

function uri(text: string): SipUri {
  const parsed = parseUri(text);
  if (parsed instanceof ParseError) throw new Error(`${text}: ${parsed}`);
  return parsed;
}

describe('parseUri', () => {
  it('takes a URI apart', () => {
    const { scheme, user, password, host, port, parameters, headers } = uri(
      'SIPS:a;b:c@[2001:DB8::1]:5061;Transport=tcp;lr?Subject=x&y=z',
    );
    expect({ scheme, user, password, host, port }).toEqual({
      scheme: 'sips',
      user: 'a;b',
      password: 'c',
      host: '[2001:DB8::1]',
      port: 5061,
    });
    expect([...parameters]).toEqual([
      ['transport', 'tcp'],
      ['lr', ''],
    ]);
    expect([...headers]).toEqual([
      ['subject', 'x'],
      ['y', 'z'],
    ]);
  });

  it.each([
    '',
    'sip',
    'sip:',
    'sip:@a',
    'sip:a@',
    'sip:a@b@c',
    'sip:a@b:',
    'sip:a@b:70000',
    'sip:[::1',
    'sip:a b',
    '1x:y',
    'sip:%4@b',
    'sip:a\u00e9@b',
    'tel:',
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeInstanceOf(ParseError);
  });

  it('knows other schemes by name only', () => {
    expect(uri('tel:+1-201-555-0123')).toMatchObject({ scheme: 'tel', host: '', isSip: false });
    expect(aorOf(uri('tel:+1'))).toBe('');
  });
});

describe('uriEquals, the examples of RFC 3261 19.1.4', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
  ])('%s equals %s', (a, b) => {
    expect([uriEquals(uri(a), uri(b)), uriEquals(uri(b), uri(a))]).toEqual([true, true]);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
  ])('%s differs from %s', (a, b) => {
    expect([uriEquals(uri(a), uri(b)), uriEquals(uri(b), uri(a))]).toEqual([false, false]);
  });
});
