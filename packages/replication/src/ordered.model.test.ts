// Histories of ordered tables under loss, doubles, crashes, cuts, lost disks and changes of the roster are linearizable; with any rule of the protocol
// broken, some are not.
import {
  checkHistory,
  compareAndSetRegister,
  type RegisterInput,
  type RegisterOutput,
} from '@chordial/tool-linearizability';
import { expect, test } from 'vitest';
import type { Sabotage } from './ordered-sabotage.fixture.ts';
import { OrderedWorld } from './ordered-world.fixture.ts';

const hostsCount = 6;
const seedsMax = 200;

interface Run {
  readonly world: OrderedWorld;
  readonly verdict: string;
  readonly sentence: string;
  readonly epoch: number;
  readonly operationsCount: number;
  readonly answeredCount: number;
}

/** Half a minute of trouble, then quiet. */
function run(seed: number, sabotage: Sabotage, troubleMs = 30_000): Run {
  const world = new OrderedWorld({
    seed,
    hostsCount,
    keysCount: 3,
    clientsCount: 5,
    sabotage,
    lossRate: seed % 2 === 0 ? 0.02 : 0.15,
  });
  for (const number of [1, 2, 3]) world.setRing(number, true);
  for (const number of [1, 2, 3]) world.start(number);
  for (let client = 0; client < world.config.clientsCount; client++)
    world.runClient(`client ${client}`, seed % 3 === 0 ? 50 : 400, () => world.now > troubleMs);
  let hasLostDisk = false;
  const trouble = (): void => {
    if (world.now > troubleMs) return;
    const number = 1 + world.draw(hostsCount);
    const die = world.draw(10);
    if (die < 4) crash(number);
    else if (die < 6) {
      // The others see it go, and it comes back later, or another one takes its place.
      if (world.ring.has(number) && world.ring.size > 3) world.setRing(number, false);
      else enter(number);
    } else if (die < 8) {
      world.cut.add(number);
      world.after(world.draw(2_500), () => world.cut.delete(number));
    } else if (die < 9) enter(number);
    else replace(number);
    world.after(200 + world.draw(1_500), trouble);
  };
  const enter = (number: number): void => {
    if (!world.isUp(number)) world.start(number);
    if (!world.ring.has(number)) world.setRing(number, true);
  };
  /** Half of the hosts go, but go on by themselves, and the others take their places. */
  const replace = (first: number): void => {
    const present = [0, 1, 2].map((i) => ((first + i - 1) % hostsCount) + 1);
    for (const number of present) enter(number);
    for (const { number } of world.hosts) {
      if (present.includes(number)) continue;
      world.setRing(number, false);
      world.deaf.add(number);
      world.after(10_000, () => world.deaf.delete(number));
    }
  };
  const crash = (number: number): void => {
    if (!world.isUp(number)) return;
    world.stop(number);
    // A group of three can do without one.
    const votersCount = Math.max(...world.hosts.map(({ proposer }) => proposer?.roster?.voters.length ?? 0));
    if (!hasLostDisk && votersCount >= 4 && world.draw(4) === 0) {
      hasLostDisk = true;
      world.loseDisk(number);
    }
    world.after(world.draw(4_000), () => {
      if (!world.isUp(number)) world.start(number);
    });
  };
  world.after(1_000, trouble);
  world.runUntil(troubleMs);
  world.lossRate = 0;
  world.cut.clear();
  world.deaf.clear();
  for (const { number } of world.hosts) enter(number);
  world.runUntil(troubleMs + 20_000);
  const verdict = checkHistory(compareAndSetRegister(), [...world.history] as {
    client: string;
    key: string;
    input: RegisterInput;
    invokedAt: number;
    completedAt?: number;
    output?: RegisterOutput;
  }[]);
  return {
    world,
    verdict: verdict.verdict,
    sentence: verdict.verdict === 'not-linearizable' ? JSON.stringify(verdict.problems[0], undefined, 1) : '',
    epoch: Math.max(...world.hosts.map(({ proposer }) => proposer.roster?.epoch ?? 0)),
    operationsCount: world.history.length,
    answeredCount: world.history.filter(({ completedAt }) => completedAt !== undefined).length,
  };
}

test('with trouble of every kind, 20,000 operations are linearizable, and all is served again when it is over', () => {
  let operations = 0;
  let answered = 0;
  let epochs = 0;
  let seeds = 0;
  for (let seed = 1; operations < 20_000; seed++) {
    const { world, verdict, sentence, epoch, operationsCount, answeredCount } = run(seed, 'none');
    expect(verdict, `seed ${seed}: ${sentence}`).toBe('linearizable');
    expect(world.fault, `seed ${seed}`).toBeUndefined();
    operations += operationsCount;
    answered += answeredCount;
    epochs += epoch;
    seeds++;
    for (let key = 0; key < world.config.keysCount; key++)
      for (const { number } of world.hosts) {
        let isServed = false;
        world.ask('last', number, `key ${key}`, undefined, (known) => {
          isServed = known !== undefined;
        });
        world.runUntil(world.now + 3_000);
        expect(isServed, `seed ${seed}: host ${number} serves key ${key} again`).toBe(true);
      }
  }
  // The trouble did not merely prevent everything.
  expect(answered).toBeGreaterThan(operations / 2);
  expect(epochs / seeds).toBeGreaterThan(3);
}, 300_000);

const sabotages = [
  'no-promises',
  'no-majority',
  'amnesia',
  'no-memory',
  'no-copying',
  'one-group',
  'no-epochs',
] as const;

test.each(sabotages)(
  'with %s some history is not linearizable',
  (sabotage) => {
    for (let seed = 1; seed <= seedsMax; seed++) if (run(seed, sabotage).verdict === 'not-linearizable') return;
    expect.unreachable(`${seedsMax} histories are linearizable: the trouble is too small`);
  },
  300_000,
);
