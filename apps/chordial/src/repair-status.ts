// How the copies of a host are: drift of its lanes, what its replica sends and takes, and the store; `chordial repair --status`, `status` and
// `/metrics` show it.
import { makeAddress } from '@chordial/actor';
import type { RepairListed } from '@chordial/replication/protocol';
import type { StorageFailed, StoreDescribed } from '@chordial/storage/protocol';
import type { Asking } from './asking.ts';
import { at } from './layout.ts';

export interface LaneRepair {
  readonly lane: number;
  /** Ranges whose group is not known to have the same records everywhere. */
  readonly rangesDrifting: number;
  readonly repairsUnderWay: number;
  readonly sentCount: number;
  readonly takenCount: number;
  readonly readRepairsCount: number;
  readonly refusedCount: number;
}
export interface ReplicaRepair {
  readonly hintsCount: number;
  readonly sessionsCount: number;
  /** As its hash tree counts them. */
  readonly recordsCount: number;
  readonly sentCount: number;
  readonly takenCount: number;
  readonly refusedCount: number;
}
export type StoreState = Omit<StoreDescribed, 'type' | 'correlation'>;

export interface RepairStatus {
  readonly host: number;
  /** Sum over the lanes; 0 when all is well. */
  readonly drift: number;
  readonly lanes: readonly LaneRepair[];
  /** Undefined when they do not answer. */
  readonly replica: ReplicaRepair | undefined;
  readonly store: StoreState | undefined;
  /** Lanes that do not answer. */
  readonly silentLanes: readonly number[];
}

const askMsMax = 2_000;

export async function repairStatus(asking: Asking): Promise<RepairStatus> {
  const { host, lanesCount, storeLane } = asking;
  const list = (lane: number, index: number) =>
    asking.ask<RepairListed>(makeAddress(host, lane, index), { type: 'list-repair' }, askMsMax, lane);
  const [answers, replica, store] = await Promise.all([
    Promise.all(Array.from({ length: lanesCount }, (_, lane) => list(lane, at.coordinator).catch(() => undefined))),
    list(storeLane, at.replica).catch(() => undefined),
    describeStore(asking).catch(() => undefined),
  ]);
  const lanes = answers.flatMap((answer, lane) => {
    if (answer === undefined) return [];
    const { rangesDrifting, sessionsCount, sentCount, takenCount, readRepairsCount, refusedCount } = answer;
    return [
      { lane, rangesDrifting, repairsUnderWay: sessionsCount, sentCount, takenCount, readRepairsCount, refusedCount },
    ];
  });
  return {
    host,
    drift: lanes.reduce((sum, { rangesDrifting }) => sum + rangesDrifting, 0),
    lanes,
    replica: replica === undefined ? undefined : replicaOf(replica),
    store,
    silentLanes: answers.flatMap((answer, lane) => (answer === undefined ? [lane] : [])),
  };
}

const replicaOf = (listed: RepairListed): ReplicaRepair => {
  const { hintsCount, sessionsCount, recordsCount, sentCount, takenCount, refusedCount } = listed;
  return { hintsCount, sessionsCount, recordsCount, sentCount, takenCount, refusedCount };
};

export async function describeStore({ ask, host, storeLane }: Asking): Promise<StoreState> {
  const to = makeAddress<never>(host, storeLane, at.store);
  const message = { type: 'describe-store', withinMs: 0 };
  const answer = await ask<StoreDescribed | StorageFailed>(to, message, askMsMax, storeLane);
  if (answer.type !== 'store-described') throw new Error(answer.sentence);
  const { engine, place, recordsCount, bytes, damagedCount, trouble } = answer;
  return { engine, place, recordsCount, bytes, damagedCount, trouble };
}
