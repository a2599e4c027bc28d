// Replicas over journals in a world that loses, doubles and reorders messages, cuts hosts off, stops them and takes their disks away: when it is quiet
// all have the same, nothing that a host said it had kept is lost while a host that said so has its disk, and each tree is that of its store.
import { createRandom, nextBelow, nextFloat } from '@chordial/actor/random';
import { bucketOf, digestOf, type StoredRecord } from '@chordial/storage/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyOf, named } from './copies.fixture.ts';
import { HashTree } from './hash-tree.ts';
import type { CopyStored, RangeRepaired } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';
import { compareVersions, contextOf, siblingsOf, withRemoval } from './versions.ts';

interface Deed {
  readonly what: 'put' | 'put' | 'remove' | 'stop' | 'wipe' | 'cut' | 'heal' | 'repair' | 'burst';
  readonly host: number;
  readonly name: number;
  readonly ms: number;
}
const anyDeed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom('put', 'put', 'put', 'remove', 'stop', 'wipe', 'cut', 'heal', 'repair', 'burst'),
  host: fc.nat(),
  name: fc.nat(40),
  ms: fc.constantFrom(0, 1, 20, 300, 2_000),
});

class Play {
  readonly world: ReplicaWorld;
  readonly hosts: readonly number[];
  readonly random;
  counter = 1;
  correlation = 1;
  /** What was sent, by correlation, and who said that it has kept it since it had its disk. */
  readonly sent = new Map<number, StoredRecord>();
  readonly keepers = new Map<number, Set<number>>();
  /** How often a host lost its disk, in all and when it was sent something. */
  readonly wipes = new Map<number, number>();
  readonly wipesThen = new Map<number, number>();
  /** What a client knows of each name. */
  readonly known = new Map<string, StoredRecord>();

  constructor(hosts: number, seed: number) {
    this.world = new ReplicaWorld(hosts, seed, { neighbourhoodCount: hosts }, true);
    this.hosts = Array.from({ length: hosts }, (_, i) => i + 1);
    this.random = createRandom(seed + 1);
    Object.assign(this.world, { loss: 0.05, doubled: 0.05, jitterMs: 30 });
    this.world.run(50);
  }

  put(name: number, isRemoval: boolean): void {
    const text = `name ${name}`;
    const known = nextFloat(this.random) < 0.7 ? this.known.get(text) : undefined;
    const ttlMs = nextFloat(this.random) < 0.2 ? 2_000 : 3_600_000;
    const copy =
      isRemoval && known !== undefined
        ? withRemoval(undefined, named(text), contextOf(known.version), 3_600_000)
        : copyOf(text, this.counter++, known, ttlMs);
    this.known.set(text, copy);
    // To some of the hosts, as others are silent.
    for (const host of this.hosts) {
      if (!this.world.isUp(host) || nextFloat(this.random) < 0.4) continue;
      const correlation = this.correlation++;
      this.sent.set(correlation, copy);
      this.wipesThen.set(correlation, this.wipes.get(host) ?? 0);
      const hintFor = nextFloat(this.random) < 0.3 ? this.hosts[nextBelow(this.random, this.hosts.length)]! : 0;
      this.world.tell(host, { type: 'store-copy', ...copy, hintFor, replyTo: this.world.client, correlation });
    }
  }

  note(): void {
    for (const { correlation, host } of this.world.take<CopyStored>('copy-stored')) {
      // It may have lost its disk since it said so.
      if (this.wipesThen.get(correlation) !== (this.wipes.get(host) ?? 0)) continue;
      const keepers = this.keepers.get(correlation) ?? new Set();
      this.keepers.set(correlation, keepers.add(host));
    }
  }

  do({ what, host: chosen, name }: Deed): void {
    const { world } = this;
    const host = this.hosts[chosen % this.hosts.length]!;
    const other = this.hosts[(chosen + 1 + (name % (this.hosts.length - 1))) % this.hosts.length]!;
    if (what === 'put') this.put(name, false);
    else if (what === 'remove') this.put(name, true);
    else if (what === 'burst') for (let i = 0; i < 60; i++) this.put(i, i % 7 === 0);
    else if (what === 'cut') world.cuts.add(`${host}>${other}`);
    else if (what === 'heal') world.cuts.clear();
    else if (what === 'repair') {
      if (world.isUp(host)) world.repair(host, this.hosts, { isUrgent: name % 2 === 0 });
    } else if (world.isUp(host)) {
      world.stop(host, what === 'stop');
      if (what === 'stop') return;
      this.wipes.set(host, (this.wipes.get(host) ?? 0) + 1);
      for (const keepers of this.keepers.values()) keepers.delete(host);
    } else world.start(host);
  }

  end(): void {
    const { world, hosts } = this;
    world.cuts.clear();
    Object.assign(world, { loss: 0, doubled: 0 });
    for (const host of hosts) if (!world.isUp(host)) world.start(host);
    // Short lives end, sessions with silent hosts end.
    world.run(30_000);
    this.note();
    world.take('range-repaired');
    for (let round = 0; round < 3; round++) {
      world.repair(1, hosts, {}, 99);
      let done: RangeRepaired | undefined;
      world.runUntil(() => {
        done = world.take<RangeRepaired>('range-repaired').find(({ correlation }) => correlation === 99);
        return done !== undefined;
      });
      expect(done).toMatchObject({ silent: [] });
      if (round === 2) expect(done).toMatchObject({ sentCount: 0, takenCount: 0 });
    }
    world.run(5_000);
  }

  check(): void {
    const { world, hosts } = this;
    const first = world.records(1);
    for (const host of hosts) {
      expect(world.versions(host)).toEqual(world.versions(1));
      // How long they live may differ a little, and so may the texts.
      const values = (records: readonly StoredRecord[]) =>
        records.map((record) => [record.name, siblingsOf(record).map(({ value }) => value)]);
      expect(values(world.records(host))).toEqual(values(first));
      const { tree, doubtful } = world.state(host).tree;
      const actual = new HashTree();
      for (const { table, key, version } of world.records(host))
        actual.add(bucketOf(key), digestOf(table, key, version));
      expect([...doubtful]).toEqual([]);
      expect(tree.sum(0, 65_535)).toEqual(actual.sum(0, 65_535));
    }
    const byName = new Map(first.map((record) => [record.name, record]));
    for (const [correlation, keepers] of this.keepers) {
      const copy = this.sent.get(correlation)!;
      if (keepers.size === 0 || copy.ttlMs < 60_000) continue;
      const kept = byName.get(copy.name);
      expect(kept, `${copy.name} was kept by ${[...keepers].join()}`).toBeDefined();
      expect(['same', 'covers']).toContain(compareVersions(kept!.version, copy.version));
    }
  }
}

it('whatever happens, quiet replicas are the same and have all that was kept', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.nat(1_000_000),
      fc.array(anyDeed, { maxLength: 40 }),
      (hosts, seed, deeds) => {
        const play = new Play(hosts, seed);
        for (const deed of deeds) {
          play.do(deed);
          play.world.run(deed.ms);
          play.note();
        }
        play.end();
        play.check();
      },
    ),
    { numRuns: Number(process.env.REPLICA_RUNS ?? 40) },
  );
}, 120_000);
