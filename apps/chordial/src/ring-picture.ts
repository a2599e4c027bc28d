// The ring as operators see it: which hosts it has and what is thought of them, who owns how much, and how even that is.
import type { Member } from '@chordial/chord/protocol';
import type { HostPhase, HostsListed } from '@chordial/membership/protocol';
import { distance, type RingKey } from '@chordial/ring-key';

export interface HostPicture {
  readonly host: number;
  /** This is the host that was asked. */
  readonly isSelf: boolean;
  readonly phase: HostPhase;
  /** Where other hosts and phones reach it; `ring` is empty for a host that is a ring of its own. */
  readonly ring: string;
  readonly sip: string;
  /** Smoothed round trip as the asked host measures it; 0 when unknown. */
  readonly rttMs: number;
  /** The host that passes messages on while the direct way is cut; 0 for none. */
  readonly via: number;
  /** Members of the ring. */
  readonly peersCount: number;
  /** Part of all keys, 0 to 1. */
  readonly share: number;
}

export interface RingPicture {
  readonly peersCount: number;
  /** Share of the busiest peer divided by the mean share. */
  readonly loadMaxToMean: number;
  readonly hosts: readonly HostPicture[];
  readonly members: readonly {
    readonly key: RingKey;
    readonly host: number;
    readonly lane: number;
    /** Part of all keys, 0 to 1. */
    readonly share: number;
  }[];
}

const bitsDropped = 107n;

/** `members` sorted by key; `endpoint` writes an address with its port. */
export function pictureOf(members: readonly Member[], hosts: HostsListed['hosts'], self: number): RingPicture {
  const shares = members.map(({ key }, index) => {
    const before = members.at(index - 1)!.key;
    return members.length === 1 ? 1 : Number(distance(before, key) >> bitsDropped) / 2 ** 53;
  });
  const ofHost = new Map<number, { peersCount: number; share: number }>();
  members.forEach(({ host }, index) => {
    const sum = ofHost.get(host) ?? { peersCount: 0, share: 0 };
    ofHost.set(host, { peersCount: sum.peersCount + 1, share: sum.share + shares[index]! });
  });
  return {
    peersCount: members.length,
    loadMaxToMean: shares.reduce((most, share) => Math.max(most, share), 0) * members.length,
    hosts: hosts.map(({ host, phase, address, port, sip, rttMs, via }) => ({
      host,
      isSelf: host === self,
      phase,
      ring: port === 0 ? '' : `${address.includes(':') ? `[${address}]` : address}:${port}`,
      sip,
      rttMs,
      via,
      ...(ofHost.get(host) ?? { peersCount: 0, share: 0 }),
    })),
    members: members.map(({ key, host, lane }, index) => ({ key, host, lane, share: shares[index]! })),
  };
}
