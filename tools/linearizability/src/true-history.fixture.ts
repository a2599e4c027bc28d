// Histories of a register that really is atomic: each operation takes effect at one moment between its invocation and its
// answer, drawn by a seed. Some get no answer, and then take effect later, much later, or never.
import { createRandom, nextBelow, nextFloat, type Random } from '@chordial/actor/random';
import type { RegisterOperation } from './history-file.ts';
import {
  compareAndSetRegister,
  type RegisterInput,
  type RegisterOutput,
  type Value,
} from './models/compare-and-set-register.ts';

export interface Shape {
  readonly operationsCount: number;
  readonly clientsCount: number;
  readonly keysCount?: number;
  /** Of all operations. */
  readonly shareUnanswered?: number;
  /** Few: values come back (ABA); absent: each value is written once. */
  readonly valuesCount?: number;
}

interface Planned {
  readonly client: string;
  readonly key: string;
  readonly invokedAt: number;
  readonly effectAt: number;
  readonly completedAt: number | undefined;
  readonly input: (value: Value) => RegisterInput;
}

/** Clients ask one after the other, for 0 to 20 units of time each; times are whole, so that equal times occur. */
export function trueHistory(seed: number, shape: Shape): RegisterOperation[] {
  const random = createRandom(seed);
  const { operationsCount, clientsCount, keysCount = 1, shareUnanswered = 0 } = shape;
  const freeAt = new Array<number>(clientsCount).fill(0);
  const planned: Planned[] = [];
  for (let i = 0; i < operationsCount; i++) {
    const client = nextBelow(random, clientsCount);
    const invokedAt = freeAt[client]! + nextBelow(random, 5);
    const completedAt = invokedAt + nextBelow(random, 20);
    const isUnanswered = nextFloat(random) < shareUnanswered;
    freeAt[client] = completedAt + 1;
    planned.push({
      client: `c${client}`,
      key: `k${nextBelow(random, keysCount)}`,
      invokedAt,
      effectAt: isUnanswered
        ? lateOrNever(random, invokedAt)
        : invokedAt + nextFloat(random) * (completedAt - invokedAt),
      completedAt: isUnanswered ? undefined : completedAt,
      input: inputOf(random, i, shape),
    });
  }
  return carriedOut(planned);
}

function lateOrNever(random: Random, invokedAt: number): number {
  return nextBelow(random, 3) === 0 ? Number.POSITIVE_INFINITY : invokedAt + nextBelow(random, 100);
}

/** What is expected is mostly what is there, as a client would have read it shortly before. */
function inputOf(random: Random, index: number, { valuesCount }: Shape): Planned['input'] {
  const value = valuesCount === undefined ? `v${index}` : `v${nextBelow(random, valuesCount)}`;
  const kind = nextFloat(random);
  if (kind < 0.4) return () => ({ kind: 'read' });
  if (kind < 0.6) return () => ({ kind: 'change', value });
  if (kind < 0.9) return (there) => ({ kind: 'change', expected: there, value });
  const expected = `v${nextBelow(random, valuesCount ?? index + 1)}`;
  return () => ({ kind: 'change', expected, value });
}

function carriedOut(planned: readonly Planned[]): RegisterOperation[] {
  const { step } = compareAndSetRegister();
  const values = new Map<string, Value>();
  return planned
    .toSorted((a, b) => a.effectAt - b.effectAt)
    .map(({ client, key, invokedAt, completedAt, input: inputFor, effectAt }) => {
      const before = values.get(key) ?? null;
      const input = inputFor(before);
      const output = answerTo(input, before);
      if (effectAt < Number.POSITIVE_INFINITY) values.set(key, step(before, input, output)![0]!);
      return { client, key, input, invokedAt, completedAt, output: completedAt === undefined ? undefined : output };
    });
}

export function answerTo(input: RegisterInput, value: Value): RegisterOutput {
  if (input.kind === 'read') return { outcome: 'ok', value };
  if (input.expected === undefined || input.expected === value) return { outcome: 'ok' };
  return { outcome: 'refused-mismatch', value };
}
