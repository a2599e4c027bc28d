// The joiner's first contact with a ring, before it has a number: a visit that proves both sides have the token and asks who is there.
import type { HostIdentity } from './host-identity.ts';
import type { HostEndpoint, RingHost } from './ring-options.ts';

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

/** Asks the host at an address for the hosts of its ring. Rejects with a sentence that says what was wrong and what to do. */
export async function introduce(options: IntroductionOptions): Promise<Introduction> {
  throw new Error(`introduction to ${options.address}:${options.port} is not written yet`);
}
