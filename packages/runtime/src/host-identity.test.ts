// Identities and the options of a ring: what createIdentity makes is whole, and what is not is told with a sentence.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createIdentity, fingerprintOf } from './host-identity.ts';
import { claimRingEndpoint, ringFault } from './ring-port.ts';

const [one, two] = await Promise.all([createIdentity(), createIdentity()]);
const ring = { ringName: 'test', token: 'secret', identity: one, listen: { address: '127.0.0.1', port: 0 } };

test('an identity is a key, its certificate for a century, and its fingerprint, all plain text', () => {
  const certificate = new X509Certificate(one.certificate);
  expect(certificate.checkPrivateKey(createPrivateKey(one.privateKey))).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(fingerprintOf(certificate.publicKey)).toBe(one.fingerprint);
  expect(one.fingerprint).toMatch(/^[\w-]{43}$/);
  expect(new Date(certificate.validTo).getFullYear() - new Date(certificate.validFrom).getFullYear()).toBe(100);
  expect(one.fingerprint).not.toBe(two.fingerprint);
  expect(JSON.parse(JSON.stringify(one))).toEqual(one);
});

test('options of a ring are looked over', () => {
  expect([ringFault(0, undefined), ringFault(65_535, undefined), ringFault(1, ring)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  for (const [host, change, sentence] of [
    [65_536, {}, /within 0..65535/],
    [0, {}, /within 1..65535/],
    [1, { ringName: '' }, /a name of 1 to 255/],
    [1, { token: '' }, /a token of 1 to 1024/],
    [1, { token: 'x'.repeat(1_025) }, /a token of 1 to 1024/],
    [1, { listen: { address: 'localhost', port: 1 } }, /not an IP address/],
    [1, { advertised: { address: '127.0.0.1', port: 0 } }, /not a port number/],
    [1, { identity: { ...one, privateKey: two.privateKey } }, /not of its private key/],
    [1, { identity: { ...one, fingerprint: two.fingerprint } }, /not that of its key/],
    [1, { identity: { ...one, certificate: 'x' } }, /are PEM/],
  ] as const) {
    expect(ringFault(host, { ...ring, ...change })).toMatch(sentence);
  }
});

test('the ring port is claimed alone first: a port of the system, or an error when it is taken', async () => {
  const claimed = await claimRingEndpoint(ring);
  expect(claimed.listen.port).toBeGreaterThan(0);
  expect(claimed.advertised).toEqual(claimed.listen);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(claimed.listen.port, '127.0.0.1', resolve));
  await expect(claimRingEndpoint(claimed)).rejects.toThrow(/EADDRINUSE/);
  taken.close();
});
