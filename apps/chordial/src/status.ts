// The picture of a host that `chordial status` shows and the control interface serves.
import type { HostPhase } from '@chordial/membership/protocol';
import type { LaneReport } from '@chordial/runtime';
import { type Endpoint, endpointText } from './endpoint.ts';
import type { Options } from './options.ts';
import type { RepairStatus } from './repair-status.ts';

export interface HostStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly domains: readonly string[];
  /** Where phones reach the host, `udp:ADDR:PORT`. */
  readonly listen: string;
  readonly control: string;
  readonly routing: Options['routing'];
  readonly peersCount: number;
  readonly lanesCount: number;
  readonly ring: {
    readonly name: string;
    /** The number of this host; 0 for a ring of its own that nobody can join. */
    readonly host: number;
    /** Where other hosts reach this one, or `off`. */
    readonly address: string;
    /** Of its key: who it is to other hosts. */
    readonly fingerprint: string;
    readonly isLeaving: boolean;
    /** Hosts known, by what is thought of them; this one is among the alive. */
    readonly hosts: Readonly<Record<HostPhase, number>>;
    /** Peers of this host that are members, and members of the whole ring. */
    readonly peersInRing: number;
    readonly membersCount: number;
  };
  /** Where the records of this host are, and how their copies are. */
  readonly storage: RepairStatus;
  readonly lanes: readonly LaneReport[];
  /** Figures of all actors, summed over the lanes, by actor and field. */
  readonly totals: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Sums the totals of all lanes. */
export function sumTotals(lanes: readonly LaneReport[]): HostStatus['totals'] {
  const sums: Record<string, Record<string, number>> = {};
  for (const { totals } of lanes) {
    for (const [actor, fields] of Object.entries(totals)) {
      sums[actor] ??= {};
      for (const [field, value] of Object.entries(fields)) sums[actor][field] = (sums[actor][field] ?? 0) + value;
    }
  }
  return sums;
}

export const listenText = (listen: Endpoint): string => `udp:${endpointText(listen)}`;
