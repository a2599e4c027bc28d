// What tests of repair do first and again: worlds whose replicas know their digests, records that are put, a repair that is waited for.
import type { StoredRecord } from '@chordial/storage/protocol';
import type { RangeRepaired } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';

export function put(world: ReplicaWorld, host: number, records: readonly StoredRecord[]): void {
  for (const record of records)
    world.tell(host, { type: 'store-copy', ...record, hintFor: 0, replyTo: world.client, correlation: 1 });
  world.run(50);
  world.take('copy-stored');
}

export function worldOf(hosts: number, seed = 1): ReplicaWorld {
  const world = new ReplicaWorld(hosts, seed);
  world.run(100);
  return world;
}

export function repaired(world: ReplicaWorld, host: number, hosts: readonly number[], range = {}): RangeRepaired {
  world.repair(host, hosts, range);
  let done: RangeRepaired | undefined;
  world.runUntil(() => {
    done = world.take<RangeRepaired>('range-repaired')[0];
    return done !== undefined;
  });
  return done!;
}
