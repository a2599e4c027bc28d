// Hosts of a ring in a simulation: founders that know each other, and hosts that start later and know a few of them.
import { makeAddress } from '@chordial/actor';
import { foundingRing } from '@chordial/chord';
import type { SimulatedHost, Simulation } from '@chordial/simulator';
import { type RingHostConfig, ringProgram } from './ring-program.ts';
import type { RingWorld } from './ring-world.ts';

export interface RingSpec {
  readonly hostsCount: number;
  /** When each host starts that is no founder. */
  readonly laterAtMs: readonly number[];
  readonly lanesCount: number;
  readonly peersCount: number;
  readonly successorsCount: number;
  readonly hasService: boolean;
  readonly askEveryMs?: number;
}

const port = 7_070;
const seedsCount = 3;
const firstRoot = 32;

const addressOf = (index: number): string => `10.0.0.${index + 1}`;
const fingerprintOf = (index: number): string => `key-${index + 1}`;

/** Adds the hosts, numbers 1 and on, and gives the configuration that a later peer needs. */
export function addRing(simulation: Simulation, world: RingWorld, spec: RingSpec): RingHostConfig[] {
  const { hostsCount, laterAtMs, lanesCount, peersCount, successorsCount, hasService } = spec;
  const founding = foundingRing({
    hosts: Array.from({ length: hostsCount }, (_, index) => ({ host: index + 1, lanesCount })),
    peersCount,
    ringName: `ring ${simulation.seed}`,
    successorsCount,
    chordAddress: (lane, indexOnLane, host) =>
      makeAddress(host, lane, firstRoot + (hasService ? 2 * indexOnLane + 1 : indexOnLane)),
  });
  const contacts = Array.from({ length: hostsCount }, (_, index) => ({
    host: index + 1,
    address: addressOf(index),
    port,
    fingerprint: fingerprintOf(index),
  }));
  const joinersPerLane = Math.max(1, Math.round(peersCount / hostsCount / lanesCount));
  return Array.from({ length: hostsCount + laterAtMs.length }, (_, index) => {
    const isFounder = index < hostsCount;
    const others = contacts.filter(({ host }) => host !== index + 1);
    const config: RingHostConfig = {
      world,
      ...(isFounder ? { founding } : {}),
      successorsCount,
      joinersPerLane,
      address: addressOf(index),
      port,
      fingerprint: fingerprintOf(index),
      // Any few will do; the rest is gossip.
      seeds: Array.from(
        { length: Math.min(seedsCount, others.length) },
        (_, i) => others[(index + i) % others.length]!,
      ),
      ...(spec.askEveryMs === undefined ? {} : { askEveryMs: spec.askEveryMs }),
      hasService,
      lifeFrom: { at: 0 },
    };
    world.hosts.push(addHost(simulation, index, config, lanesCount, isFounder ? 0 : laterAtMs[index - hostsCount]!));
    return config;
  });
}

function addHost(
  simulation: Simulation,
  index: number,
  config: RingHostConfig,
  lanesCount: number,
  startAtMs: number,
): SimulatedHost {
  return simulation.addHost({
    program: ringProgram,
    config,
    lanesCount,
    address: addressOf(index),
    name: `host-${index + 1}`,
    number: index + 1,
    ringPort: port,
    fingerprint: fingerprintOf(index),
    ...(startAtMs === 0 ? {} : { startAtMs }),
  });
}
