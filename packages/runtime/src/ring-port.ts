// What the main thread does for the ring before any lane starts: it looks the options over and binds the ring port once alone, because
// lanes share the port (`SO_REUSEPORT`) and would share it unnoticed with another process of the same user too.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { fingerprintOf } from './host-identity.ts';
import type { HostEndpoint, RingLinkOptions } from './ring-options.ts';
import { addressFault } from './udp-socket.ts';

const hostNumberMax = 65_535;
const ringNameLengthMax = 255;
const tokenLengthMax = 1_024;

/** What is wrong with the number and the ring of a host, as a sentence. */
export function ringFault(host: number, ring: RingLinkOptions | undefined): string | undefined {
  if (!Number.isInteger(host) || host < 0 || host > hostNumberMax) return 'the number of a host is within 0..65535';
  if (ring === undefined) return undefined;
  if (host === 0) return 'a host of a ring of several has a number within 1..65535';
  const { ringName, token, identity, listen, advertised } = ring;
  if (ringName === '' || ringName.length > ringNameLengthMax) return 'a ring has a name of 1 to 255 characters';
  if (token === '' || token.length > tokenLengthMax) return 'a ring has a token of 1 to 1024 characters';
  return (
    addressFault(listen.address, listen.port, 0) ??
    (advertised && addressFault(advertised.address, advertised.port, 1)) ??
    identityFault(identity)
  );
}

function identityFault({ certificate, privateKey, fingerprint }: RingLinkOptions['identity']): string | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    if (!parsed.checkPrivateKey(createPrivateKey(privateKey)))
      return "the host's certificate is not of its private key";
    return fingerprintOf(parsed.publicKey) === fingerprint
      ? undefined
      : "the host's fingerprint is not that of its key";
  } catch {
    return "the host's certificate and private key are PEM, as createIdentity made them";
  }
}

/** The options with the port that the system chose, and with what others are told. Rejects when the port is taken. */
export async function claimRingEndpoint(
  ring: RingLinkOptions,
): Promise<RingLinkOptions & { advertised: HostEndpoint }> {
  const { address, port } = ring.listen;
  const server = createServer();
  server.listen({ host: address, port, exclusive: true, ipv6Only: isIPv6(address) });
  await once(server, 'listening');
  const bound = server.address();
  const listen = { address, port: typeof bound === 'object' && bound !== null ? bound.port : port };
  await new Promise((resolve) => server.close(resolve));
  return { ...ring, listen, advertised: ring.advertised ?? listen };
}
