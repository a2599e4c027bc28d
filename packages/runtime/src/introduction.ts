// The joiner's first contact with a ring, before it has a number: a visit that proves both sides have the token and asks who is there.
import { callHost } from './host-dialer.ts';
import { ringId, versionsSpoken } from './host-greeting.ts';
import type { HostIdentity } from './host-identity.ts';
import type { HostEndpoint, RingHost } from './ring-options.ts';
import { addressFault } from './udp-socket.ts';

export interface IntroductionOptions extends HostEndpoint {
  readonly ringName: string;
  readonly token: string;
  readonly identity: HostIdentity;
  /** Default 5,000. */
  readonly timeoutMs?: number;
}

export interface Introduction {
  /** The host that answered first, then those it knows, at most 2,000 in all. */
  readonly hosts: readonly RingHost[];
}

/** Asks the host at an address for the hosts of its ring. Rejects with a sentence that says what was wrong and what to do, and a `code`. */
export function introduce(options: IntroductionOptions): Promise<Introduction> {
  const { address, port, ringName, token, identity, timeoutMs = 5_000 } = options;
  const fault = addressFault(address, port, 1);
  if (fault !== undefined) return Promise.reject(new Error(`${fault}; give the address of a host of the ring`));
  const now = Date.now();
  const visitor = { host: 0, lane: 0, life: now, openedAt: now, address: '', port: 0 };
  const hello = { ...visitor, versions: versionsSpoken, ring: ringId(ringName) };
  return new Promise((resolve, reject) => {
    callHost(
      { to: { address, port }, identity, token, hello, deadlineMs: timeoutMs },
      {
        opened: (call) => {
          call.cut();
          resolve({ hosts: call.welcome.hosts });
        },
        ended: (code, sentence) =>
          reject(Object.assign(new Error(sentenceFor(code, sentence, options, timeoutMs)), { code })),
        take: () => false,
      },
    );
  });
}

function sentenceFor(code: string, sentence: string, options: IntroductionOptions, timeoutMs: number): string {
  const where = `${options.address}:${options.port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${where}; start the host there with --listen-ring, or correct the address`;
    case 'ETIMEDOUT':
      return `${where} did not answer within ${timeoutMs} ms; see whether the host there runs and a firewall is between`;
    case 'not-tls':
    case 'garbage':
    case 'ECONNRESET':
      return `what listens on ${where} is not a ring port (${sentence}); give the port of --listen-ring, not a SIP or control port`;
    case 'wrong-token':
      return `the host at ${where} has another token; give the one that its ring was started with`;
    case 'wrong-ring':
      return `the host at ${where} belongs to another ring than '${options.ringName}'; give that ring's name or another address`;
    case 'wrong-version':
      return `the host at ${where} speaks no version of the link protocol that this one does; bring both to neighbouring releases`;
    case 'busy':
      return `the host at ${where} has no room for another connection; try again in some seconds`;
    default:
      return `the host at ${where} could not be asked: ${sentence} (${code})`;
  }
}
