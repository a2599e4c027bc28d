// The front door of the checker: key by key it answers with an order that explains the history (checked once more without any
// search), with the smallest beginning of it that no order explains, or with "unknown" where that would cost too much.
import { assert } from '@chordial/actor';
import { byKey, isAnswered, type Model, type Operation, timeTrouble } from './history.ts';
import { type Problem, problemOf } from './problem.ts';
import { search } from './search.ts';
import { orderTrouble } from './witness.ts';

export type Verdict<Input, Output> =
  | {
      readonly verdict: 'linearizable';
      /** For each key its operations in an order that explains them; those that need not have happened are left out. */
      readonly orders: ReadonlyMap<string, readonly Operation<Input, Output>[]>;
      readonly statesCount: number;
    }
  | {
      readonly verdict: 'not-linearizable';
      /** At least one, the earliest first, and at most `problemsMax`. */
      readonly problems: readonly Problem<Input, Output>[];
      /** How many keys have one. */
      readonly problemsCount: number;
      readonly statesCount: number;
    }
  | {
      readonly verdict: 'unknown';
      /** Says which keys were too costly and what to do. */
      readonly sentence: string;
      readonly keys: readonly string[];
      readonly statesCount: number;
    };

export interface CheckLimits {
  /** Configurations tried for one key, and again for each question asked to explain a problem (default 1,000,000). */
  readonly statesMax?: number;
  /** Keys whose problem is explained (default 3). */
  readonly problemsMax?: number;
}

const keysNamedMax = 5;

/** Operations in any order; times must be finite and an answer not before its question (`timeTrouble`). */
export function checkHistory<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  { statesMax = 1_000_000, problemsMax = 3 }: CheckLimits = {},
): Verdict<Input, Output> {
  for (const operation of operations) {
    const trouble = timeTrouble(operation);
    assert(trouble === undefined, `${model.operationText(operation.input, operation.output)}: ${trouble}`);
  }
  const orders = new Map<string, readonly Operation<Input, Output>[]>();
  const bad: { readonly own: readonly Operation<Input, Output>[]; readonly answersExplained: number }[] = [];
  const costly: string[] = [];
  let statesCount = 0;
  for (const [key, own] of byKey(operations)) {
    const { end, order, answersExplained, statesCount: tried } = search(model, own, { statesMax });
    statesCount += tried;
    if (end === 'exceeded') costly.push(key);
    else if (end === 'impossible') bad.push({ own, answersExplained });
    else {
      const explained = order.map((index) => own[index]!);
      const trouble = orderTrouble(model, own, explained);
      assert(trouble === undefined, `the checker found an order that explains nothing: ${trouble}`);
      orders.set(key, explained);
    }
  }
  if (bad.length > 0) {
    const problems = bad
      .toSorted((a, b) => firstUnexplained(a) - firstUnexplained(b))
      .slice(0, problemsMax)
      .map(({ own, answersExplained }) => problemOf(model, own, { answersExplained, statesMax }));
    return { verdict: 'not-linearizable', problems, problemsCount: bad.length, statesCount };
  }
  if (costly.length > 0)
    return { verdict: 'unknown', sentence: costText(costly, statesMax), keys: costly, statesCount };
  return { verdict: 'linearizable', orders, statesCount };
}

/** About when a key went wrong. */
function firstUnexplained({
  own,
  answersExplained,
}: {
  readonly own: readonly Operation<unknown, unknown>[];
  readonly answersExplained: number;
}): number {
  const answersAt = own.filter(isAnswered).map(({ completedAt }) => completedAt);
  return answersAt.sort((a, b) => a - b)[answersExplained] ?? Number.POSITIVE_INFINITY;
}

function costText(keys: readonly string[], statesMax: number): string {
  const named = keys.slice(0, keysNamedMax).map((key) => JSON.stringify(key));
  const others = keys.length > named.length ? ` and ${keys.length - named.length} more` : '';
  return (
    `No answer for ${keys.length === 1 ? 'key' : 'keys'} ${named.join(', ')}${others} within ${statesMax} states a key: ` +
    'raise the limit, or make histories with fewer operations at once and fewer without an answer.'
  );
}
