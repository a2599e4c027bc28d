// Coordinators with real replicas: whatever hosts stop, lose their disks and come back (one at a time), and whatever messages are lost, what was
// acknowledged is read until somebody who has seen it replaces it, also where only the owner is asked (r = 1); and when all is quiet the hosts
// of each group have the same.
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RecordGot } from './protocol.ts';
import { RingWorld } from './ring-world.fixture.ts';

const names = Array.from({ length: 6 }, (_, i) => `user${i}`);
const hostsCount = 5;

interface Write {
  readonly value: string;
  readonly name: string;
  ackedAt: number;
  /** Somebody who had seen it wrote: from then on it may be gone. */
  replacedAt: number;
}

/** Clients of the ring, and what they may expect to read. */
class Clients {
  readonly world: RingWorld;
  readonly writes: Write[] = [];
  readonly #contexts = new Map<string, { context: string; seen: readonly string[] }>();
  readonly #asked = new Map<number, { kind: 'get' | 'put'; name: string; at: number; write: Write | undefined }>();
  #next = 1;
  refusedCount = 0;
  readsCount = 0;

  constructor(world: RingWorld) {
    this.world = world;
  }

  get(name: string): void {
    const correlation = this.#next++;
    this.#asked.set(correlation, { kind: 'get', name, at: this.world.now, write: undefined });
    this.world.ask({ type: 'get-record', table: 1, key: keyOf(name), name, correlation } as never);
  }

  put(name: string, isBlind: boolean): void {
    const correlation = this.#next++;
    const { context, seen } = (isBlind ? undefined : this.#contexts.get(name)) ?? { context: '', seen: [] };
    const write = { value: `v${correlation}`, name, ackedAt: Infinity, replacedAt: Infinity };
    for (const other of this.writes)
      if (seen.includes(other.value)) other.replacedAt = Math.min(other.replacedAt, this.world.now);
    this.writes.push(write);
    this.#asked.set(correlation, { kind: 'put', name, at: this.world.now, write });
    const value = { context, value: write.value, ttlMs: 0 };
    this.world.ask({ type: 'put-record', table: 1, key: keyOf(name), name, ...value, correlation } as never);
  }

  hear(): void {
    const { answers, now } = this.world;
    for (const [correlation, answer] of answers) {
      const asked = this.#asked.get(correlation)!;
      if (answer.type === 'record-refused') this.refusedCount++;
      else if (answer.type === 'record-put') asked.write!.ackedAt = now;
      else this.#read(asked.name, asked.at, answer);
    }
    answers.clear();
  }

  #read(name: string, askedAt: number, { siblings, context }: RecordGot): void {
    const seen = siblings.map(([value]) => value);
    this.readsCount++;
    this.#contexts.set(name, { context, seen });
    for (const { value, ackedAt, replacedAt, ...write } of this.writes)
      if (write.name === name && ackedAt <= askedAt && replacedAt > this.world.now && !seen.includes(value))
        throw new Error(`${name}: ${value}, acknowledged at ${ackedAt}, is not in ${seen} as asked at ${askedAt}`);
  }
}
const keyOf = (name: string): RingKey => ringKeyFromText(name);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put'), name: fc.nat(5), blind: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('get'), name: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(800) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop'), name: fc.nat(5), keeps: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back') }) },
);
type Step = { kind: string; name?: number; blind?: boolean; ms?: number; keeps?: boolean };

function play(seed: number, r: number, loss: number, steps: readonly Step[]): Clients {
  const world = new RingWorld(hostsCount, seed, r);
  const clients = new Clients(world);
  let down = 0;
  let isRestored = true;
  const run = (ms: number): void => {
    for (const until = world.now + ms; world.now < until; ) {
      world.run(1);
      clients.hear();
    }
  };
  const isQuiet = (): boolean => {
    const up = Array.from({ length: hostsCount }, (_, i) => i + 1).filter((host) => world.isUp(host));
    return world.isCalm && up.every((host) => world.state(host).unsettled.size + world.state(host).drifting.size === 0);
  };
  const settle = (ms: number): void => {
    for (const until = world.now + ms; world.now < until && !isQuiet(); ) run(50);
    isRestored = true;
  };
  run(2_000);
  world.loss = loss;
  for (const one of steps) {
    if (one.kind === 'put') clients.put(names[one.name!]!, one.blind!);
    else if (one.kind === 'get') clients.get(names[one.name!]!);
    else if (one.kind === 'wait') run(one.ms!);
    else if (one.kind === 'stop' && down === 0) {
      // One failure at a time: the next one only when what the last one took is there again.
      if (!isRestored) settle(60_000);
      down = world.ownerOf(keyOf(names[one.name!]!));
      world.stop(down, one.keeps!, 700);
    } else if (one.kind === 'back' && down !== 0) {
      run(1_000);
      settle(60_000);
      world.comeBack(down);
      down = 0;
      isRestored = false;
      // What is put while ranges are given away must reach their takers.
      for (let i = 0; i < 40; i++) {
        clients.put(names[i % names.length]!, i % 3 > 0);
        run(1);
      }
      run(20);
      for (const name of names) clients.get(name);
    }
    run(3);
  }
  if (down !== 0) {
    run(1_000);
    world.comeBack(down);
  }
  world.loss = 0;
  run(3_000);
  for (const name of names) clients.get(name);
  run(130_000);
  for (const name of names) clients.get(name);
  run(3_000);
  for (let host = 1; host <= hostsCount; host++) {
    const { unsettled, drifting, operationsCount, handings } = world.state(host);
    const left = { unsettled: unsettled.size, drifting: drifting.size, operationsCount, handings: handings.length };
    expect(left).toEqual({ unsettled: 0, drifting: 0, operationsCount: 0, handings: 0 });
  }
  for (const name of names) {
    const versions = world.groupOf(keyOf(name), 3).map((host) => world.versionAt(host, 1, keyOf(name)));
    expect(new Set(versions).size, `${name}: ${versions.join(' ')}`).toBe(1);
  }
  return clients;
}

it('what was acknowledged is read, and groups become the same', () => {
  let reads = 0;
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.constantFrom(1, 1, 2),
      fc.constantFrom(0, 0.02, 0.2),
      fc.array(step, { maxLength: 60 }),
      (seed, r, loss, steps) => {
        reads += play(seed, r, loss, steps).readsCount;
      },
    ),
    { numRuns: 40 },
  );
  expect(reads).toBeGreaterThan(100);
});
