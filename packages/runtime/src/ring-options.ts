// What a host is told about its ring, and how hosts name each other outside of messages. Plain data: it crosses to every lane.
import type { HostIdentity } from './host-identity.ts';

/** Where a host is reached: an IP address and a TCP port. */
export interface HostEndpoint {
  readonly address: string;
  readonly port: number;
}

/** Links to other hosts; see README, "Links between hosts". */
export interface RingLinkOptions {
  /** Hosts of another ring are refused. */
  readonly ringName: string;
  /** Whoever proves that it has it belongs to the ring. A secret of at least 16 characters, drawn by lot: a guessable one can be guessed. */
  readonly token: string;
  readonly identity: HostIdentity;
  /** Port 0 lets the system choose; see `Host.ringEndpoint`. */
  readonly listen: HostEndpoint;
  /** What others are told, where it differs from `listen`. */
  readonly advertised?: HostEndpoint;
}

/** A host of a ring as others know it. */
export interface RingHost extends HostEndpoint {
  readonly host: number;
  readonly fingerprint: string;
}
