// The wiring of the records of a host: on the storage lane a store and the replica in front of it, on lane 0 the door to it; without a
// directory both are on lane 0, and the store keeps everything in memory.
import type { LaneSetup } from '@chordial/actor';
import type { MembershipMessage } from '@chordial/membership/protocol';
import { defaultReplicaConfig } from '@chordial/replication';
import { replica, replicaDoor } from '@chordial/replication/behaviour';
import type { ReplicaMessage } from '@chordial/replication/protocol';
import { SqliteEngine, storeLimits, storePort } from '@chordial/storage';
import { journalStore } from '@chordial/storage/journal';
import type { StorageMessage } from '@chordial/storage/protocol';
import { at, type HostConfig, storeLaneOf } from './layout.ts';

export function layOutStore(setup: LaneSetup<HostConfig>): void {
  const { config, host, lane, ports } = setup;
  const storeLane = storeLaneOf(config);
  if (lane === 0 && storeLane !== 0)
    setup.spawn(replicaDoor, { replica: setup.wellKnown<ReplicaMessage>(storeLane, at.replica) }, at.replica);
  if (lane !== storeLane) return;
  layOutEngine(setup);
  setup.spawn(
    replica,
    {
      ...defaultReplicaConfig,
      host,
      store: setup.wellKnown<StorageMessage>(lane, at.store),
      membership: setup.wellKnown<MembershipMessage>(lane, at.membership),
      at: at.replica,
      owner: ports.gateway,
    },
    at.replica,
  );
}

function layOutEngine({ config: { store }, ports: { gateway: owner }, startedAt, spawn }: LaneSetup<HostConfig>): void {
  switch (store.kind) {
    case 'memory':
      spawn(journalStore, { disk: undefined, owner, startedAt }, at.store);
      break;
    case 'sqlite':
      spawn(storePort, { ...storeLimits, engine: new SqliteEngine({ file: store.file }), startedAt, owner }, at.store);
      break;
    case 'postgres':
      throw new Error('PostgreSQL is not wired yet');
    default:
      store satisfies never;
  }
}
