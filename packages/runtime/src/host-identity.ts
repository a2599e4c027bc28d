// Who a host is to other hosts: a key pair in a self-signed certificate. Other hosts know the key by its fingerprint and look at nothing else in
// the certificate, so it needs no authority and does not expire in a lifetime. ECDSA over P-256, because every TLS library has it.
import { createHash, type KeyObject, randomBytes, webcrypto } from 'node:crypto';

/** Plain data; keep it in a file that only the service reads, since it is the host's name in the ring. */
export interface HostIdentity {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. A secret. */
  readonly privateKey: string;
  /** SHA-256 of the public key (SPKI, DER), base64url without padding: 43 characters. */
  readonly fingerprint: string;
}

const validForYears = 100;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a new key pair and a certificate for it. */
export async function createIdentity(): Promise<HostIdentity> {
  // Only here: a host that has its identity never loads the library.
  await import('reflect-metadata');
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const notBefore = new Date(Date.now() - 24 * 3_600_000);
  const notAfter = new Date(notBefore);
  notAfter.setFullYear(notBefore.getFullYear() + validForYears);
  const serialNumber = randomBytes(16);
  serialNumber[0]! &= 0x7f;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber.toString('hex'),
      name: 'CN=chordial host',
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      keys,
    },
    webcrypto as unknown as Crypto,
  );
  const [secret, open] = await Promise.all([
    webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    webcrypto.subtle.exportKey('spki', keys.publicKey),
  ]);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: pemOf('PRIVATE KEY', Buffer.from(secret as ArrayBuffer)),
    fingerprint: fingerprintOf(Buffer.from(open as ArrayBuffer)),
  };
}

/** Of a public key, or of its SPKI in DER. */
export function fingerprintOf(key: KeyObject | Buffer): string {
  const der = Buffer.isBuffer(key) ? key : key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}

const pemOf = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
