// Whether an order of operations explains a history, asked without any search: each step is possible, every answered
// operation is there once, and none stands after one that was invoked after its answer.
import { isAnswered, type Model, type Operation } from './history.ts';

/** A sentence about what is wrong with the order; undefined: it explains the history. */
export function orderTrouble<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  order: readonly Operation<Input, Output>[],
): string | undefined {
  const left = new Map<Operation<Input, Output>, number>();
  for (const operation of operations) left.set(operation, (left.get(operation) ?? 0) + 1);
  let states: readonly State[] = [model.init(operations[0]?.key ?? '')];
  let invokedLast = Number.NEGATIVE_INFINITY;
  for (const [place, operation] of order.entries()) {
    const text = `operation ${place + 1} of the order, ${model.operationText(operation.input, operation.output)},`;
    const times = left.get(operation) ?? 0;
    if (times === 0) return `${text} is not in the history, or more often in the order`;
    left.set(operation, times - 1);
    const isAnswer = isAnswered(operation);
    if (isAnswer && operation.completedAt < invokedLast) return `${text} follows one invoked after its answer`;
    invokedLast = Math.max(invokedLast, operation.invokedAt);
    const output = isAnswer ? operation.output : undefined;
    const after = states.flatMap((state) => model.step(state, operation.input, output) ?? []);
    if (after.length === 0) return `${text} is impossible where it stands`;
    states = [...new Map(after.map((state) => [model.stateText(state), state])).values()];
  }
  for (const [operation, times] of left) {
    if (times > 0 && isAnswered(operation))
      return `${model.operationText(operation.input, operation.output)} is not in the order`;
  }
  return undefined;
}
