// Why a history is not linearizable, for a reader: the smallest beginning that no order explains ends with one answer; the
// sentence names that answer and what the others allow, and a time line shows the operations around it.
import { isAnswered, type Model, momentsOf, type Operation, prefixOf } from './history.ts';
import { search } from './search.ts';
import { type DrawnOperation, timeLine } from './time-line.ts';

export interface Problem<Input, Output> {
  readonly key: string;
  /** The one whose answer cannot be explained any more. */
  readonly operation: Operation<Input, Output>;
  /** How many operations were invoked until then. */
  readonly operationsCount: number;
  /** The others in an order that explains them. */
  readonly explained: readonly Operation<Input, Output>[];
  /** The states that orders of the others leave, as texts; a few of them where there are many. */
  readonly statesLeft: readonly string[];
  readonly sentence: string;
  /** Lines of text; times run from left to right, not to scale. */
  readonly drawing: string;
}

interface Known {
  /** Answers that can be explained at least. */
  readonly answersExplained: number;
  readonly statesMax: number;
}

const statesShownMax = 4;
const operationsDrawnMax = 12;

/** For a history of one key that cannot be explained as a whole. */
export function problemOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  { answersExplained, statesMax }: Known,
): Problem<Input, Output> {
  const answers = momentsOf(operations).filter(({ isAnswer }) => isAnswer);
  const isBad = (answersCount: number): boolean =>
    search(model, prefixOf(operations, answersCount), { statesMax }).end === 'impossible';
  const answersCount = firstBad(answersExplained, answers.length, isBad);
  const operation = operations[answers[answersCount - 1]!.operation]!;
  const others = prefixOf(operations, answersCount);
  others.splice(others.indexOf(operation), 1);
  const { order, finalStates, end } = search(model, others, { statesMax, finalStatesMax: statesShownMax });
  const explained = order.map((index) => others[index]!);
  const problem = {
    key: operation.key,
    operation,
    operationsCount: others.length + 1,
    explained,
    statesLeft: finalStates,
  };
  const isComplete = end === 'explained' && finalStates.length < statesShownMax;
  return {
    ...problem,
    sentence: sentenceOf(model, problem, others, isComplete),
    drawing: timeLine(model, drawnOf(model, problem, others)),
  };
}

/** The least number in (good, bad] for which `isBad`, which stays true once it is; searched near `good` first. */
function firstBad(goodAtLeast: number, bad: number, isBad: (count: number) => boolean): number {
  let good = goodAtLeast;
  let upper = bad;
  for (let stride = 1; good + stride < upper; stride *= 2) {
    if (isBad(good + stride)) upper = good + stride;
    else good += stride;
  }
  while (good + 1 < upper) {
    const middle = (good + upper) >>> 1;
    if (isBad(middle)) upper = middle;
    else good = middle;
  }
  return upper;
}

type Found<Input, Output> = Pick<Problem<Input, Output>, 'operation' | 'explained' | 'statesLeft'>;

function sentenceOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  { operation, statesLeft }: Found<Input, Output>,
  others: readonly Operation<Input, Output>[],
  isComplete: boolean,
): string {
  const answeredCount = others.filter(isAnswered).length;
  const openCount = others.length - answeredCount;
  const { client, key, input, output, invokedAt, completedAt } = operation;
  const what = `${model.operationText(input, output)} (client ${client}, key ${JSON.stringify(key)}, ${invokedAt} to ${completedAt})`;
  const open = openCount === 0 ? '' : `, with ${openCount === 1 ? '1' : `any of ${openCount}`} not yet answered,`;
  const before =
    answeredCount === 0
      ? `Nothing was answered before it${openCount === 0 ? '' : `, ${openCount} under way`}`
      : `The ${answeredCount === 1 ? 'operation' : `${answeredCount} operations`} answered before it${open} can be explained`;
  if (statesLeft.length === 0) {
    return `${what} fits nowhere, if not an answer before it did: with more states it could be said which is the first.`;
  }
  const shown = isComplete ? statesLeft : [...statesLeft.slice(0, statesShownMax - 1), 'others'];
  const leave = answeredCount === 0 ? 'the state can be' : 'may leave';
  return `${what} fits nowhere. ${before}, and ${leave} ${shown.join(' or ')}.`;
}

/** The operation in question; those that overlap it, are related to it, or come last before it in the order; by time. */
function drawnOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  { operation, explained }: Found<Input, Output>,
  others: readonly Operation<Input, Output>[],
): DrawnOperation<Input, Output>[] {
  const place = new Map(explained.map((other, index) => [other, index + 1]));
  const rank = (other: Operation<Input, Output>): number => {
    if (model.isRelated?.(operation, other) === true) return 0;
    const ago = place.has(other) ? explained.length - place.get(other)! : others.length;
    // The last few in the order come before those that merely were under way at the time.
    return (isAnswered(other) && other.completedAt >= operation.invokedAt) || ago < 3
      ? 1 + ago
      : 1 + others.length + ago;
  };
  const shown = new Set(others.toSorted((a, b) => rank(a) - rank(b)).slice(0, operationsDrawnMax - 1));
  return [...others.filter((other) => shown.has(other)), operation]
    .sort((a, b) => a.invokedAt - b.invokedAt)
    .map((other) => ({ operation: other, place: place.get(other), isProblem: other === operation }));
}
