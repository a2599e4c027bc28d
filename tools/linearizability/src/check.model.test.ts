// The checker against the definition (all permutations) on small random histories of each model, against a register that is
// atomic by construction, and on such histories with one answer falsified.
import { createRandom, nextBelow } from '@chordial/actor/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check.ts';
import type { Model, Operation } from './history.ts';
import { isAnswered, momentsOf, prefixOf } from './history.ts';
import type { RegisterOperation } from './history-file.ts';
import { compareAndSetRegister, type RegisterInput, type RegisterOutput } from './models/compare-and-set-register.ts';
import { type CounterInput, type CounterOutput, counter } from './models/counter.ts';
import { type SetInput, type SetOutput, set } from './models/set.ts';
import { isLinearizableNaively } from './naive.fixture.ts';
import { type Shape, trueHistory } from './true-history.fixture.ts';

type Drawn<Input, Output> = fc.Arbitrary<{ readonly input: Input; readonly output: Output }>;

const value = fc.constantFrom('a', 'b', null);
const register: Drawn<RegisterInput, RegisterOutput> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ input: fc.constant({ kind: 'read' as const }), output: readOutput() }) },
  { weight: 2, arbitrary: fc.record({ input: change(false), output: fc.constant({ outcome: 'ok' as const }) }) },
  { weight: 3, arbitrary: fc.record({ input: change(true), output: changeOutput() }) },
);

function readOutput() {
  return fc.record({ outcome: fc.constant('ok' as const), value });
}
function change(isExpecting: boolean) {
  const kind = fc.constant('change' as const);
  return isExpecting ? fc.record({ kind, expected: value, value }) : fc.record({ kind, value });
}
function changeOutput() {
  return fc.oneof(
    fc.constant<RegisterOutput>({ outcome: 'ok' }),
    fc.record({ outcome: fc.constant('refused-mismatch' as const), value: fc.option(value, { nil: undefined }) }),
  );
}

const counterOperation: Drawn<CounterInput, CounterOutput> = fc.oneof(
  fc.record({ input: fc.constant({ kind: 'read' as const }), output: fc.record({ sum: fc.nat(4) }) }),
  fc.record({
    input: fc.record({ kind: fc.constant('add' as const), amount: fc.constantFrom(1, 2, -1) }),
    output: fc.record({ sum: fc.option(fc.nat(4), { nil: undefined }) }),
  }),
);

const member = fc.constantFrom('x', 'y');
const setOperation: Drawn<SetInput, SetOutput> = fc.oneof(
  fc.record({
    input: fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const, 'contains' as const), member }),
    output: fc.boolean(),
  }),
  fc.record({ input: fc.constant({ kind: 'members' as const }), output: fc.subarray(['x', 'y']) }),
);

/** At most `lengthMax` operations on one key, with times that often overlap and are often equal; a fifth has no answer. */
function histories<Input, Output>(
  operation: Drawn<Input, Output>,
  lengthMax: number,
): fc.Arbitrary<Operation<Input, Output>[]> {
  const times = fc.record({
    invokedAt: fc.nat(12),
    lasts: fc.nat(5),
    isAnswered: fc.constantFrom(true, true, true, true, false),
  });
  return fc.array(fc.tuple(operation, times), { maxLength: lengthMax }).map((drawn) =>
    drawn.map(([{ input, output }, { invokedAt, lasts, isAnswered: isOne }], index) => ({
      client: `c${index}`,
      key: 'k',
      input,
      invokedAt,
      completedAt: isOne ? invokedAt + lasts : undefined,
      output: isOne ? output : undefined,
    })),
  );
}

/** The verdict is that of the definition; a problem is the first beginning that the definition refuses. */
function expectAgreement<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const verdict = checkHistory(model, operations);
  const isLinearizable = isLinearizableNaively(model, operations);
  expect(verdict.verdict).toBe(isLinearizable ? 'linearizable' : 'not-linearizable');
  if (verdict.verdict === 'not-linearizable') {
    const [problem] = verdict.problems;
    const answers = momentsOf(operations).filter(({ isAnswer }) => isAnswer);
    const place = answers.findIndex(({ operation }) => operations[operation] === problem!.operation);
    expect(isLinearizableNaively(model, prefixOf(operations, place))).toBe(true);
    expect(isLinearizableNaively(model, prefixOf(operations, place + 1))).toBe(false);
  }
  return isLinearizable;
}

describe('agrees with the definition', () => {
  const agree = <State, Input, Output>(
    model: Model<State, Input, Output>,
    arbitrary: fc.Arbitrary<Operation<Input, Output>[]>,
  ): void => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(arbitrary, (operations) => {
        if (expectAgreement(model, operations)) good++;
        else bad++;
      }),
      { numRuns: 1_500, seed: 20_261_127 },
    );
    // Both verdicts were really asked for.
    expect(Math.min(good, bad)).toBeGreaterThan(100);
  };

  it('on compare-and-set registers', () => agree(compareAndSetRegister(), histories(register, 6)));
  it('on counters', () => agree(counter(), histories(counterOperation, 5)));
  it('on sets', () => agree(set(), histories(setOperation, 5)));

  it('on a thing that is not deterministic', () => {
    // Each toss shows some side; a look shows the side of the last toss.
    const coin: Model<string, 'toss' | 'look', string> = {
      name: 'coin',
      init: () => 'heads',
      step: (state, input, output) =>
        input === 'toss' ? ['heads', 'tails'] : output === undefined || output === state ? [state] : undefined,
      leavesState: (input) => input === 'look',
      stateText: (state) => state,
      operationText: (input, output) => `${input}: ${output}`,
    };
    const side = fc.constantFrom('heads', 'tails');
    agree(coin, histories(fc.record({ input: fc.constantFrom('toss' as const, 'look' as const), output: side }), 6));
  });
});

const shapes: readonly Shape[] = [
  { operationsCount: 40, clientsCount: 3 },
  { operationsCount: 60, clientsCount: 6, shareUnanswered: 0.15 },
  { operationsCount: 60, clientsCount: 5, shareUnanswered: 0.1, valuesCount: 3 },
  { operationsCount: 120, clientsCount: 8, keysCount: 5, shareUnanswered: 0.1 },
];

describe('histories of a register that is atomic', () => {
  it.each(shapes)('are accepted: %o', (shape) => {
    for (let seed = 1; seed <= 100; seed++) {
      const verdict = checkHistory(compareAndSetRegister(), trueHistory(seed, shape));
      if (verdict.verdict !== 'linearizable') throw new Error(`seed ${seed}: ${JSON.stringify(verdict)}`);
    }
  });
});

/** One answer is turned into another that a wrong register could have given. */
function falsified(operations: readonly RegisterOperation[], seed: number): RegisterOperation[] {
  const random = createRandom(seed);
  const answered = operations.filter(isAnswered);
  const victim = answered[nextBelow(random, answered.length)]!;
  const written = operations.flatMap(({ input }) => (input.kind === 'change' ? [input.value] : []));
  const output: RegisterOutput =
    victim.input.kind === 'read'
      ? {
          outcome: 'ok',
          value:
            [null, ...written].filter((one) => one !== victim.output.value)[nextBelow(random, written.length)] ?? 'z',
        }
      : { outcome: victim.output.outcome === 'ok' ? 'refused-mismatch' : 'ok' };
  return operations.map((one) => (one === victim ? { ...victim, output } : one));
}

describe('histories with a false answer', () => {
  it('are mostly rejected', () => {
    let rejected = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const operations = falsified(trueHistory(seed, { operationsCount: 40, clientsCount: 3 }), seed);
      if (checkHistory(compareAndSetRegister(), operations).verdict === 'not-linearizable') rejected++;
    }
    expect(rejected).toBeGreaterThan(140);
  });

  it('are judged as the definition does', () => {
    let rejected = 0;
    const shape = { operationsCount: 6, clientsCount: 3, shareUnanswered: 0.1 };
    for (let seed = 1; seed <= 300; seed++) {
      const operations = trueHistory(seed, shape);
      if (!operations.some(isAnswered)) continue;
      expect(expectAgreement(compareAndSetRegister(), operations)).toBe(true);
      if (!expectAgreement(compareAndSetRegister(), falsified(operations, seed))) rejected++;
    }
    expect(rejected).toBeGreaterThan(100);
  });
});
