// Replicas in a ring that changes: writes go to the hosts of a key's group, or to the next ones with a hint, the first host repairs its arcs with
// the group now and then, and hosts go and come back. When it is quiet the group of each record has it, as it was acknowledged, and hosts
// that are not near its owner have it no more.
import { createRandom, nextBelow, nextFloat } from '@chordial/actor/random';
import type { StoredRecord } from '@chordial/storage/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyOf, named } from './copies.fixture.ts';
import { groupOf } from './group.ts';
import type { CopyStored } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';
import { compareVersions, siblingsOf } from './versions.ts';

interface Deed {
  readonly what: 'put' | 'burst' | 'leave' | 'return' | 'repair' | 'wait';
  readonly host: number;
  readonly name: number;
  readonly ms: number;
}
const anyDeed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom('put', 'burst', 'leave', 'return', 'return', 'repair', 'wait'),
  host: fc.nat(),
  name: fc.nat(60),
  ms: fc.constantFrom(0, 5, 400, 5_000, 70_000),
});
const hostsCount = 7;
const groupCount = 3;
const nearCount = 4;

class Play {
  readonly world: ReplicaWorld;
  readonly random;
  ring = Array.from({ length: hostsCount }, (_, i) => i + 1);
  counter = 1;
  correlation = 1;
  readonly sent = new Map<number, StoredRecord>();
  readonly acknowledged: StoredRecord[] = [];
  readonly known = new Map<string, StoredRecord>();

  constructor(seed: number) {
    this.world = new ReplicaWorld(hostsCount, seed, { groupCount, neighbourhoodCount: nearCount }, true);
    this.random = createRandom(seed + 1);
    Object.assign(this.world, { loss: 0.02, doubled: 0.02, jitterMs: 20 });
    this.world.run(50);
  }

  put(name: number): void {
    const text = `name ${name}`;
    const copy = copyOf(text, this.counter++, nextFloat(this.random) < 0.8 ? this.known.get(text) : undefined, 0);
    this.known.set(text, copy);
    const near = groupOf(this.world.members, named(text).key, nearCount);
    const silent = near.slice(0, groupCount).find(() => nextFloat(this.random) < 0.1);
    for (const [i, host] of near.entries()) {
      const isNext = i >= groupCount;
      if (host === silent || (isNext && silent === undefined)) continue;
      const correlation = this.correlation++;
      this.sent.set(correlation, copy);
      const hintFor = isNext ? silent! : 0;
      this.world.tell(host, { type: 'store-copy', ...copy, hintFor, replyTo: this.world.client, correlation });
    }
  }

  note(): void {
    for (const { correlation } of this.world.take<CopyStored>('copy-stored'))
      this.acknowledged.push(this.sent.get(correlation)!);
  }

  /** As coordinators do: each arc by its owner with its group. */
  repair(): void {
    const { members } = this.world;
    members.forEach(({ key }, i) => {
      const [owner, ...others] = groupOf(members, key, groupCount) as [number, ...number[]];
      const range = { from: members.at(i - 1)!.key, to: key, isUrgent: false };
      if (this.world.isUp(owner)) this.world.repair(owner, others, range, 1);
    });
  }

  do({ what, host: chosen, name, ms }: Deed): void {
    const { world } = this;
    if (what === 'put') this.put(name);
    else if (what === 'burst') for (let i = 0; i < 60; i++) this.put(i);
    else if (what === 'repair') this.repair();
    else if (what === 'leave' && this.ring.length > 4) {
      const host = this.ring[chosen % this.ring.length]!;
      this.ring = this.ring.filter((other) => other !== host);
      // With its disk: what it alone has comes back with it.
      if (name % 2 === 0) world.stop(host);
      world.setRing(this.ring);
    } else if (what === 'return') {
      const absent = Array.from({ length: hostsCount }, (_, i) => i + 1).filter((host) => !this.ring.includes(host));
      const host = absent[nextBelow(this.random, absent.length)];
      if (host !== undefined) this.return(host);
    }
    world.run(ms);
    this.note();
  }

  return(host: number): void {
    if (!this.world.isUp(host)) this.world.start(host);
    this.ring = [...this.ring, host].sort();
    this.world.setRing(this.ring);
  }

  end(): void {
    const { world } = this;
    Object.assign(world, { loss: 0, doubled: 0 });
    for (let host = 1; host <= hostsCount; host++) if (!this.ring.includes(host)) this.return(host);
    for (let minute = 0; minute < 6; minute++) {
      this.repair();
      world.run(60_000);
      this.note();
    }
    world.take();
  }

  check(): void {
    const { world } = this;
    const byHost = Array.from(
      { length: hostsCount },
      (_, i) => new Map(world.records(i + 1).map((one) => [one.name, one])),
    );
    for (const copy of this.acknowledged) {
      for (const host of groupOf(world.members, copy.key, groupCount)) {
        const kept = byHost[host - 1]!.get(copy.name);
        expect(kept, `${copy.name} at ${host}`).toBeDefined();
        expect(['same', 'covers']).toContain(compareVersions(kept!.version, copy.version));
      }
    }
    byHost.forEach((records, i) => {
      for (const record of records.values()) {
        const near = groupOf(world.members, record.key, nearCount);
        expect(near, `${record.name} at ${i + 1}`).toContain(i + 1);
        const first = byHost[near[0]! - 1]!.get(record.name)!;
        if (near.indexOf(i + 1) < groupCount) expect(siblingsOf(record)).toEqual(siblingsOf(first));
      }
    });
  }
}

it('whoever goes and comes, in the end the group of each record has it and nobody far away does', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.array(anyDeed, { maxLength: 25 }), (seed, deeds) => {
      const play = new Play(seed);
      for (const deed of deeds) play.do(deed);
      play.end();
      play.check();
    }),
    { numRuns: Number(process.env.REPLICA_RUNS ?? 15) },
  );
}, 180_000);
