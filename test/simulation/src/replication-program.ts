// The wiring of a lane in the scenario of replication: real memberships and peers, a coordinator for the peers of each lane, one replica in front of
// one store, on lane 0 or on a lane of its own, and a client that uses records.
import { type Address, type LaneProgram, makeAddress, nobody } from '@chordial/actor';
import type { ChordPeerConfig } from '@chordial/chord';
import type { MembershipMessage } from '@chordial/membership/protocol';
import {
  type CoordinatorConfig,
  defaultCoordinatorLimits,
  defaultReplicaConfig,
  type MergeSiblings,
  type TableConfig,
} from '@chordial/replication';
import { acceptor, coordinator, replica, replicaDoor } from '@chordial/replication/behaviour';
import type { CoordinatorMessage, ReplicaMessage } from '@chordial/replication/protocol';
import { type JournalConfig, journalStore } from '@chordial/storage/journal';
import type { StorageMessage } from '@chordial/storage/protocol';
import { orderedClient } from './ordered-client.ts';
import { recordClient } from './record-client.ts';
import { unionOf } from './record-history.ts';
import { copiesNeeded, orderedTable, type RecordWorld, tables, watchedCoordinator } from './record-world.ts';
import type { StorePlace } from './replication-shape.ts';
import { beginLane, membershipAt, type RingLaneConfig, spawnMembership } from './ring-lane.ts';
import { watched } from './ring-program.ts';
import { watchedStore } from './watched-store.ts';

export const at = {
  membership: membershipAt,
  client: 17,
  orderedClient: 18,
  coordinator: 21,
  replica: 22,
  store: 23,
  ballots: 24,
  acceptor: 25,
} as const;

export interface ReplicationHostConfig extends RingLaneConfig {
  readonly world: RecordWorld;
  /** Lanes that have peers; with a store on a lane of its own there is one more. */
  readonly lanesServing: number;
  readonly place: StorePlace;
}

/** So that what anti-entropy makes right is right after the quiet time of a run. */
const entropyMs = 8_000;

/** So that files are made anew many times in a run. */
const compactionBytesMin = 8_000;

const sizes = { n: 3, r: 2, w: copiesNeeded } as const;
const coordinatorTables: CoordinatorConfig['tables'] = [
  ...tables.map(({ table, merge }): TableConfig => {
    const union: MergeSiblings = (siblings) => [unionOf(siblings.map(({ value }) => value)), 0];
    return { table, name: merge, ...sizes, merge: merge === 'union' ? union : merge, isOrdered: false };
  }),
  { table: orderedTable, name: 'ordered', ...sizes, merge: 'latest', isOrdered: true },
];

export const replicationProgram: LaneProgram<ReplicationHostConfig> = (setup) => {
  const { config, host, lane, ports, startedAt } = setup;
  const { world, founding, lanesServing, place } = config;
  const membership = setup.wellKnown<MembershipMessage>(lane, at.membership);
  const founders = beginLane(world.ring, setup);
  const storeLane = place === 'storage' ? lanesServing : 0;
  const isServing = lane < lanesServing;
  const replicaAt = setup.wellKnown<ReplicaMessage>(storeLane, at.replica);
  spawnMembership(setup, founders);
  if (lane === storeLane) {
    const store = setup.wellKnown<StorageMessage>(lane, at.store);
    const ballots = setup.wellKnown<StorageMessage>(lane, at.ballots);
    const acceptorAt = setup.wellKnown(lane, at.acceptor);
    const storeOf = (file: string): JournalConfig => ({
      disk: { port: ports.disk, file },
      owner: nobody as never,
      startedAt,
      compactionBytesMin,
    });
    setup.spawn(watchedStore(world, host, 'store', journalStore), storeOf('store'), at.store);
    setup.spawn(watchedStore(world, host, 'ballots', journalStore), storeOf('ballots'), at.ballots);
    const owner = ports.gateway as never;
    const replicaConfig = {
      ...defaultReplicaConfig,
      host,
      store,
      membership,
      acceptor: acceptorAt,
      at: at.replica,
      owner,
    };
    setup.spawn(replica, replicaConfig, at.replica);
    // The first roster is that of host 1, once, on its first disk; who joins, or comes back, is taken in.
    const isFounder = host === 1 && world.ring.hosts[0]!.disk.lossesCount === 0;
    setup.spawn(acceptor, { host, store: ballots, startedAt, isFounder, n: sizes.n }, at.acceptor);
  } else if (lane === 0) setup.spawn(replicaDoor, { replica: replicaAt }, at.replica);
  if (!isServing) return;
  setup.spawn(
    watchedCoordinator(world, coordinator),
    {
      ...defaultCoordinatorLimits,
      entropyMs,
      host,
      lane,
      startedAt,
      replica: replicaAt,
      replicaOf: (other: number) => makeAddress<ReplicaMessage>(other, 0, at.replica),
      membership,
      tables: coordinatorTables,
    },
    at.coordinator,
  );
  const peer = peerConfig(config, host, lane);
  for (const self of founders) {
    const chord = setup.spawn(watched(world.ring), { ...peer, self, founding: founding! });
    if (chord !== self.chord) throw new Error(`a founder is at its address ${self.chord}, not ${chord}`);
  }
  const joinersCount = founders.length > 0 ? 0 : config.joinersPerLane;
  for (let i = 0; i < joinersCount; i++) setup.spawn(watched(world.ring), peer);
  setup.spawn(orderedClient, { world, host, lane, membership, coordinatorAt: at.coordinator }, at.orderedClient);
  setup.spawn(recordClient, { world, host, lane, membership, coordinatorAt: at.coordinator }, at.client);
};

function peerConfig({ successorsCount, lifeFrom }: ReplicationHostConfig, host: number, lane: number): ChordPeerConfig {
  const service = makeAddress<CoordinatorMessage>(host, lane, at.coordinator);
  const membership = makeAddress<MembershipMessage>(host, lane, at.membership);
  return { successorsCount, host, lane, startedAt: lifeFrom.at, membership, service, listeners: [service] };
}

/** One more peer on a lane that runs; it joins. */
export function addStoringPeer({ ring }: RecordWorld, host: number, lane: number, config: ReplicationHostConfig): void {
  const running = ring.hosts[host]?.lanes[lane];
  if (running?.phase !== 'up') return;
  running.arrive(() => running.kernel.spawnRoot(watched(ring), peerConfig(config, running.host.number, lane)));
}

export const coordinatorOf = (host: number, lane: number): Address<CoordinatorMessage> =>
  makeAddress(host, lane, at.coordinator);
