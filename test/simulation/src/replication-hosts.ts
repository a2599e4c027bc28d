// Hosts that keep records, in a simulation: founders that know each other, and hosts that start later and know a few of them.
import { makeAddress } from '@chordial/actor';
import { foundingRing } from '@chordial/chord';
import type { RecordWorld } from './record-world.ts';
import { type ReplicationHostConfig, replicationProgram } from './replication-program.ts';
import type { ReplicationShape } from './replication-shape.ts';

const port = 7_070;
const seedsCount = 3;
const firstRoot = 32;

const addressOf = (index: number): string => `10.0.0.${index + 1}`;
const fingerprintOf = (index: number): string => `key-${index + 1}`;

/** Adds the hosts, numbers 1 and on, and gives the configuration that a later peer needs. */
export function addStoringHosts(
  world: RecordWorld,
  shape: ReplicationShape,
  laterAtMs: readonly number[],
): ReplicationHostConfig[] {
  const { simulation, ring } = world;
  const { hostsCount, lanesCount, peersCount, successorsCount, places } = shape;
  const founding = foundingRing({
    hosts: Array.from({ length: hostsCount }, (_, index) => ({ host: index + 1, lanesCount })),
    peersCount,
    ringName: `ring ${simulation.seed}`,
    successorsCount,
    chordAddress: (lane, indexOnLane, host) => makeAddress(host, lane, firstRoot + indexOnLane),
  });
  const contacts = Array.from({ length: hostsCount }, (_, index) => ({
    host: index + 1,
    address: addressOf(index),
    port,
    fingerprint: fingerprintOf(index),
  }));
  return places.map((place, index) => {
    const isFounder = index < hostsCount;
    const others = contacts.filter(({ host }) => host !== index + 1);
    const count = Math.min(seedsCount, others.length);
    const address = addressOf(index);
    const fingerprint = fingerprintOf(index);
    const config: ReplicationHostConfig = {
      world,
      ...(isFounder ? { founding } : {}),
      successorsCount,
      joinersPerLane: Math.max(1, Math.round(peersCount / hostsCount / lanesCount)),
      lanesServing: lanesCount,
      place,
      address,
      port,
      fingerprint,
      seeds: Array.from({ length: count }, (_, i) => others[(index + i) % others.length]!),
      lifeFrom: { at: 0 },
    };
    const host = simulation.addHost({
      program: replicationProgram,
      config,
      lanesCount: lanesCount + (place === 'storage' ? 1 : 0),
      address,
      name: `host-${index + 1}`,
      number: index + 1,
      ringPort: port,
      fingerprint,
      ...(isFounder ? {} : { startAtMs: laterAtMs[index - hostsCount]! }),
    });
    ring.hosts.push(host);
    return config;
  });
}
