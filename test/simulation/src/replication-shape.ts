// What a seed stands for in the scenario of replication: how many hosts, on which lane each keeps its store, and what goes wrong.
import { createRandom, nextBelow } from '@chordial/actor/random';
import type { RingShape, Weather } from './ring-shape.ts';

/** `storage`: store and replica on a lane of their own, as with `--data`; `shared`: on lane 0. */
export type StorePlace = 'storage' | 'shared';

export interface ReplicationShape extends RingShape {
  /** By host index, later hosts included. */
  readonly places: readonly StorePlace[];
  /** How many hosts may be down at once. With one, reads and owners are judged all the time: what is acknowledged is on two hosts. */
  readonly downMax: number;
  /** Peers that join or leave, and how often a client does something, in ms. */
  readonly deedsCount: number;
  readonly everyMs: number;
  /** How many names clients contend for. */
  readonly namesCount: number;
  /** Records that lie there before, so that comparing has something to compare. */
  readonly bulkCount: number;
}

const shapeConcern = 12;
const hostsMin = 3;
const hostsMax = 7;
const peersPerLaneMax = 3;
/** A ring needs r + 1 of them whoever fails or leaves. */
const peersMin = 8;

export function replicationShapeOf(seed: number): ReplicationShape {
  const random = createRandom(seed * 16 + shapeConcern);
  const die = nextBelow(random, 20);
  const weather: Weather = die < 5 ? 'calm' : die < 11 ? 'crash' : die < 16 ? 'storm' : 'partition';
  const hostsCount = hostsMin + nextBelow(random, hostsMax - hostsMin + 1);
  const hostsLater = nextBelow(random, 3) === 0 ? 1 : 0;
  const lanesCount = 1 + nextBelow(random, 2);
  const lanes = hostsCount * lanesCount;
  const peersCount = lanes * Math.max(Math.ceil(peersMin / lanes), nextBelow(random, peersPerLaneMax + 1));
  const minority = Math.floor((hostsCount - 1) / 2);
  return {
    weather,
    hostsCount,
    hostsLater,
    lanesCount,
    peersCount,
    successorsCount: Math.max(2, Math.min(8, Math.floor(peersCount / 3))),
    places: Array.from({ length: hostsCount + hostsLater }, () => (nextBelow(random, 2) === 0 ? 'storage' : 'shared')),
    downMax: weather === 'crash' && nextBelow(random, 3) > 0 ? 1 : minority,
    deedsCount: weather === 'calm' ? 12 : 4,
    everyMs: weather === 'calm' ? 300 : 400,
    namesCount: 4 + nextBelow(random, 9),
    bulkCount: [0, 40, 200][nextBelow(random, 3)]!,
  };
}
