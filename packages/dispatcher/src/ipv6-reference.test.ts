// Spellings of one IPv6 address compare equal, and what is no address equals nothing; the judge is Node's own parser.
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv6Groups } from './ipv6-reference.ts';

test.each([
  ['[::]', '0:0:0:0:0:0:0:0'],
  ['[::1]', '0:0:0:0:0:0:0:1'],
  ['[0:0:0:0:0:0:0:1]', '0:0:0:0:0:0:0:1'],
  ['[2001:DB8::00a]', '2001:db8:0:0:0:0:0:a'],
  ['[1::]', '1:0:0:0:0:0:0:0'],
  ['[::ffff:192.0.2.1]', '0:0:0:0:0:ffff:c000:201'],
  ['[0000:0000:0000:0000:0000:ffff:255.255.255.255]', '0:0:0:0:0:ffff:ffff:ffff'],
])('%s is %s', (reference, groups) => {
  expect(ipv6Groups(reference)).toBe(groups);
});

test.each([
  '::1',
  '[]',
  '[:]',
  '[:::]',
  '[1:2:3:4:5:6:7]',
  '[1:2:3:4:5:6:7:8:9]',
  '[1::2::3]',
  '[1:2:3:4::5:6:7:8]',
  '[12345::]',
  '[1.2.3.4::]',
  '[1.2.3.4:1:2:3:4:5:6]',
  '[::1.2.3]',
  '[::1.2.3.256]',
  '[:1::2]',
  `[${'0'.repeat(60)}::1]`,
])('%s is none', (reference) => {
  expect(ipv6Groups(reference)).toBeUndefined();
});

test('two spellings are equal exactly when Node reads the same address', () => {
  const canonical = (address: string) => new SocketAddress({ address, family: 'ipv6' }).address;
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const [a, b] = [ipv6Groups(`[${one}]`), ipv6Groups(`[${other}]`)];
      expect(a === b).toBe(canonical(one) === canonical(other));
      expect(ipv6Groups(`[${canonical(one)}]`)).toBe(a);
      expect(canonical(a!)).toBe(canonical(one));
    }),
  );
});
