// A counter: amounts are added, also negative ones, and the sum is read. An addition may be answered by the new sum.
import type { Model } from '../history.ts';

export type CounterInput = { readonly kind: 'read' } | { readonly kind: 'add'; readonly amount: number };

/** `sum`: after the operation, where the answer tells. */
export interface CounterOutput {
  readonly sum?: number | undefined;
}

export function counter(initial = 0): Model<number, CounterInput, CounterOutput> {
  return {
    name: 'counter',
    init: () => initial,
    step: (state, input, output) => {
      const sum = input.kind === 'read' ? state : state + input.amount;
      return output?.sum === undefined || output.sum === sum ? [sum] : undefined;
    },
    leavesState: ({ kind }) => kind === 'read',
    stateText: String,
    operationText: (input, output) =>
      `${input.kind === 'read' ? 'read' : `add ${input.amount}`}${output === undefined ? '' : `: ${output.sum ?? 'ok'}`}`,
  };
}
