// What a lane of the ring has in every scenario: its founders, in the first life of the ring only, and the real membership.
import type { LaneSetup } from '@chordial/actor';
import type { FoundingRing } from '@chordial/chord';
import type { Member } from '@chordial/chord/protocol';
import type { MembershipConfig } from '@chordial/membership';
import { membership as membershipBehaviour } from '@chordial/membership/behaviour';
import { type MembershipMessage, membershipWords } from '@chordial/membership/protocol';
import type { RingWorld } from './ring-world.ts';

/** The index of the membership of each lane. */
export const membershipAt = 16;

export interface RingLaneConfig {
  /** Given to founders. */
  readonly founding?: FoundingRing;
  readonly successorsCount: number;
  /** Peers that a lane starts when it founds nothing. */
  readonly joinersPerLane: number;
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
  readonly seeds: NonNullable<MembershipConfig['seeds']>;
  /** What the lanes were told of the wall clock, for peers that are added later. */
  readonly lifeFrom: { at: number };
}

/** The lane begins: the founders that it has in this life. */
export function beginLane({ begun }: RingWorld, setup: LaneSetup<RingLaneConfig>): readonly Member[] {
  const { config, host, lane, startedAt } = setup;
  const name = `${host}/${lane}`;
  config.lifeFrom.at = startedAt;
  const isFirst = !begun.has(name);
  begun.add(name);
  if (!isFirst || config.founding === undefined) return [];
  return config.founding.members.filter((member) => member.host === host && member.lane === lane);
}

export function spawnMembership(setup: LaneSetup<RingLaneConfig>, founders: readonly Member[]): void {
  const { config, host, lane, lanesCount, ports, startedAt } = setup;
  const { address, port, fingerprint, seeds } = config;
  setup.spawn(
    { ...membershipBehaviour, words: membershipWords as never },
    {
      host,
      lane,
      lanesCount,
      startedAt,
      address,
      port,
      fingerprint,
      sip: '',
      hostsPort: ports.hosts,
      ...(lane === 0 ? { disk: ports.disk } : {}),
      owner: ports.gateway as never,
      leader: setup.wellKnown<MembershipMessage>(0, membershipAt),
      at: membershipAt,
      seeds,
      founders,
    },
    membershipAt,
  );
}
