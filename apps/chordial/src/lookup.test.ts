// Which address-of-record an operator means.
import { expect, test } from 'vitest';
import { canonicalAor } from './lookup.ts';

const aor = (uri: string): string => canonicalAor(uri, ['example.com', 'example.org'], ['127.0.0.1', '[::1]']);

test.each([
  ['sip:alice@example.com', 'alice@example.com'],
  ['alice@example.com', 'alice@example.com'],
  ['sips:alice@EXAMPLE.com:5061;transport=tls', 'alice@example.com'],
  ['sip:alice@Example.COM.', 'alice@example.com'],
  ['sip:al%69ce@example.org', 'alice@example.com'],
  ['sip:alice@127.0.0.1:5060', 'alice@example.com'],
  ['sip:alice@[::1]', 'alice@example.com'],
  ['sip:alice@[0:0:0:0:0:0:0:1]', 'alice@example.com'],
])('%s is %s', (uri, expected) => {
  expect(aor(uri)).toBe(expected);
});

test.each(['sip:example.com', 'tel:+123', '', 'sip:@', 'sip:a b@example.com'])('%s is no user', (uri) => {
  expect(() => aor(uri)).toThrow('expected the SIP URI of a user, as in sip:alice@example.com');
});

test('a domain of somebody else is named, and ours are listed', () => {
  expect(() => aor('sip:alice@example.net')).toThrow(
    "'example.net' is not served here; this host serves example.com, example.org",
  );
});
