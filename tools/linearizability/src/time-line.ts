// Operations drawn as text, one line each; every distinct time has its own column, so that order and overlap can be read but
// lengths mean nothing.
//
//   order   time line
//       1   |--|          1..2  c1  change to "a": ok
//       2      |--|       3..5  c2  change from "a" to "b": ok
//       ->        |----|  4..9  c3  read: "a"
import { isAnswered, type Model, type Operation } from './history.ts';

export interface DrawnOperation<Input, Output> {
  readonly operation: Operation<Input, Output>;
  /** Its place in the order that explains the others; undefined: it is not in it. */
  readonly place: number | undefined;
  readonly isProblem: boolean;
}

const columnsPerTime = 3;
const placeWidth = 7;

export function timeLine<State, Input, Output>(
  model: Model<State, Input, Output>,
  drawn: readonly DrawnOperation<Input, Output>[],
): string {
  const times = [
    ...new Set(
      drawn.flatMap(({ operation }) => [
        operation.invokedAt,
        ...(isAnswered(operation) ? [operation.completedAt] : []),
      ]),
    ),
  ].sort((a, b) => a - b);
  const columnOf = new Map(times.map((time, index) => [time, index * columnsPerTime]));
  const width = times.length * columnsPerTime + 1;
  const bars = drawn.map(({ operation }) => {
    const from = columnOf.get(operation.invokedAt)!;
    const bar = isAnswered(operation)
      ? `|${'-'.repeat(Math.max(0, columnOf.get(operation.completedAt)! - from - 1))}|`
      : `|${'-'.repeat(width - from - 1)}>`;
    return ' '.repeat(from) + bar;
  });
  const spans = drawn.map(({ operation }) =>
    isAnswered(operation) ? `${operation.invokedAt}..${operation.completedAt}` : `${operation.invokedAt}..`,
  );
  const barWidth = longest(bars);
  const spanWidth = longest(spans);
  const clientWidth = longest(drawn.map(({ operation }) => operation.client));
  const lines = drawn.map(({ operation, place, isProblem }, index) => {
    const mark = isProblem ? '->' : (place?.toString() ?? '-');
    const text = model.operationText(operation.input, isAnswered(operation) ? operation.output : undefined);
    return [
      mark.padStart(placeWidth),
      bars[index]!.padEnd(barWidth),
      spans[index]!.padEnd(spanWidth),
      operation.client.padEnd(clientWidth),
      `${text}${isAnswered(operation) ? '' : ' (no answer by then)'}${isProblem ? '   <- fits nowhere' : ''}`,
    ].join('  ');
  });
  return [`${'order'.padStart(placeWidth)}  time line`, ...lines].join('\n');
}

function longest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}
