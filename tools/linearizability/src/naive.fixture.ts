// The definition of linearizability, carried out: every permutation of the answered operations with every subset of the others
// is held against real time and the model. Shares no code with the checker; for histories of a few operations.
import type { Model, Operation } from './history.ts';

export function isLinearizableNaively<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const isOpen = ({ completedAt, output }: Operation<Input, Output>) =>
    completedAt === undefined || output === undefined;
  const answered = operations.filter((operation) => !isOpen(operation));
  const open = operations.filter(isOpen);
  for (let subset = 0; subset < 2 ** open.length; subset++) {
    const chosen = [...answered, ...open.filter((_, index) => (subset >> index) & 1)];
    for (const order of permutationsOf(chosen)) if (isExplanation(model, order, isOpen)) return true;
  }
  return false;
}

function* permutationsOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries())
    for (const rest of permutationsOf([...items.slice(0, index), ...items.slice(index + 1)])) yield [item, ...rest];
}

function isExplanation<State, Input, Output>(
  model: Model<State, Input, Output>,
  order: readonly Operation<Input, Output>[],
  isOpen: (operation: Operation<Input, Output>) => boolean,
): boolean {
  for (const [place, later] of order.entries())
    if (!isOpen(later) && order.slice(0, place).some((earlier) => later.completedAt! < earlier.invokedAt)) return false;
  let states: State[] = [model.init(order[0]?.key ?? '')];
  for (const operation of order) {
    const output = isOpen(operation) ? undefined : operation.output;
    states = states.flatMap((state) => [...(model.step(state, operation.input, output) ?? [])]);
  }
  return states.length > 0;
}
