// The wiring of the records of a host: on the storage lane a store and the replica in front of it, on lane 0 the doors to them; without a
// directory all is on lane 0, and the stores keep everything in memory. What acceptors of ordered tables promise is in a store of its own, as
// neither repair nor a backup may touch it.
import type { LaneSetup } from '@chordial/actor';
import type { MembershipMessage } from '@chordial/membership/protocol';
import { defaultReplicaConfig, storeNameRecord } from '@chordial/replication';
import { acceptor, replica, replicaDoor } from '@chordial/replication/behaviour';
import type { ReplicaMessage } from '@chordial/replication/protocol';
import { type Engine, SqliteEngine, storeLimits, storePort } from '@chordial/storage';
import { journalStore } from '@chordial/storage/journal';
import type { StorageMessage } from '@chordial/storage/protocol';
import { at, type HostConfig, storeLaneOf } from './layout.ts';
import { storeDoor } from './store-door.ts';
import { copiesMax } from './tables.ts';

/** Makes the engine that keeps records under a number. */
export type PostgresMaker = (options: { readonly url: string; readonly host: number }) => Engine;
/** Added to the number of a host: the number of its ballots, beyond those of all hosts. */
const ballotsNumber = 65_536;

export function layOutStore(setup: LaneSetup<HostConfig>, postgres: PostgresMaker | undefined): void {
  const { config, host, lane, ports, startedAt } = setup;
  const storeLane = storeLaneOf(config);
  if (lane === 0) {
    setup.spawn(storeDoor, { store: setup.wellKnown<StorageMessage>(storeLane, at.store) }, at.storeDoor);
    if (storeLane !== 0)
      setup.spawn(replicaDoor, { replica: setup.wellKnown<ReplicaMessage>(storeLane, at.replica) }, at.replica);
  }
  if (lane !== storeLane) return;
  layOutEngine(setup, at.store, postgres);
  layOutEngine(setup, at.ballots, postgres);
  setup.spawn(
    replica,
    {
      ...defaultReplicaConfig,
      host,
      store: setup.wellKnown<StorageMessage>(lane, at.store),
      membership: setup.wellKnown<MembershipMessage>(lane, at.membership),
      acceptor: setup.wellKnown(lane, at.acceptor),
      at: at.replica,
      owner: ports.gateway,
    },
    at.replica,
  );
  setup.spawn(
    acceptor,
    {
      host,
      store: setup.wellKnown<StorageMessage>(lane, at.ballots),
      startedAt,
      // A lane that was started again has lost what it kept in memory, and with it what it promised.
      isFounder: config.foundedAt !== undefined && !setup.restarted,
      n: copiesMax,
    },
    at.acceptor,
  );
}

function layOutEngine(setup: LaneSetup<HostConfig>, index: number, postgres: PostgresMaker | undefined): void {
  const { config, host, ports, startedAt, spawn } = setup;
  const { store } = config;
  const owner = ports.gateway;
  switch (store.kind) {
    case 'memory':
      spawn(journalStore, { disk: undefined, owner, startedAt }, index);
      break;
    case 'sqlite': {
      // An acceptor that has forgotten anything must be another voter.
      const engine =
        index === at.store
          ? new SqliteEngine({ file: store.file })
          : new SqliteEngine({ file: store.ballotsFile, nameRecord: storeNameRecord });
      spawn(storePort, { ...storeLimits, engine, startedAt, owner }, index);
      break;
    }
    case 'postgres': {
      if (postgres === undefined) throw new Error('the program of these lanes has no PostgreSQL engine');
      const engine = postgres({ url: store.url, host: index === at.store ? host : host + ballotsNumber });
      spawn(storePort, { ...storeLimits, engine, startedAt, owner, deliver: setup.send }, index);
      break;
    }
    default:
      store satisfies never;
  }
}
