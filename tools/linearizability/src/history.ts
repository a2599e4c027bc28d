// What a checker is asked about: operations of concurrent clients as they were seen from outside (Herlihy and Wing 1990),
// and a sequential model of the thing that they used. Each operation lasts from its invocation to its answer; one without
// an answer may have happened at any time after its invocation, or never.

export interface Operation<Input, Output> {
  /** Who asked; only for the reader, as the order of one client's operations is that of their times. */
  readonly client: string;
  /** Operations on different keys are independent objects. */
  readonly key: string;
  readonly input: Input;
  /** Any number that grows with time: a clock in ms, or better a counter of events. Equal times count as overlap. */
  readonly invokedAt: number;
  /** Absent: no answer. */
  readonly completedAt?: number | undefined;
  /** Absent: no answer, or one that leaves open whether anything happened; then it may still happen after `completedAt`. */
  readonly output?: Output | undefined;
}

/** A sequential thing: what each operation does to it when nothing else happens at the same time. */
export interface Model<State, Input, Output> {
  readonly name: string;
  init(key: string): State;
  /**
   * The states that `state` may change into by an operation with this answer; none, or undefined: it cannot have been
   * answered so in this state. Without an output: the states that any answer leads to.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[] | undefined;
  /** Whether such an operation never changes any state: a read, a refusal. Without output: whatever the answer. */
  leavesState(input: Input, output: Output | undefined): boolean;
  /** Equal texts are equal states; shown to people as well. */
  stateText(state: State): string;
  /** Such as `read: "a"`; without output the answer is left out. */
  operationText(input: Input, output: Output | undefined): string;
  /** Whether a reader who wonders about the first operation wants to see the second, such as the one that wrote what was read. */
  isRelated?(wondering: Operation<Input, Output>, other: Operation<Input, Output>): boolean;
}

export type Answered<Input, Output> = Operation<Input, Output> & {
  readonly completedAt: number;
  readonly output: Output;
};

export function isAnswered<Input, Output>(operation: Operation<Input, Output>): operation is Answered<Input, Output> {
  return operation.completedAt !== undefined && operation.output !== undefined;
}

/** A history is linearizable if it is so for each key (locality: Herlihy and Wing 1990, theorem 1), and keys are cheap. */
export function byKey<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): Map<string, Operation<Input, Output>[]> {
  return Map.groupBy(operations, ({ key }) => key);
}

/** A moment at which an operation was invoked or answered. */
export interface Moment {
  readonly at: number;
  /** Index in the list of operations. */
  readonly operation: number;
  readonly isAnswer: boolean;
}

/** All moments in order of time; at equal times invocations come first, so that the operations overlap. */
export function momentsOf<Input, Output>(operations: readonly Operation<Input, Output>[]): Moment[] {
  const moments: Moment[] = [];
  for (const [operation, asked] of operations.entries()) {
    moments.push({ at: asked.invokedAt, operation, isAnswer: false });
    if (isAnswered(asked)) moments.push({ at: asked.completedAt, operation, isAnswer: true });
  }
  return moments.sort((a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer) || a.operation - b.operation);
}

/** What was known when the first `answersCount` answers had arrived: operations under way then have no answer yet. */
export function prefixOf<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  answersCount: number,
): Operation<Input, Output>[] {
  const known = new Map<number, Operation<Input, Output>>();
  let answers = 0;
  for (const { operation, isAnswer } of momentsOf(operations)) {
    if (answers === answersCount) break;
    const asked = operations[operation]!;
    if (isAnswer) answers++;
    known.set(operation, isAnswer ? asked : { ...asked, completedAt: undefined, output: undefined });
  }
  return [...known.values()];
}

/** Times that no history can have, as a sentence; undefined: all is well. */
export function timeTrouble({ invokedAt, completedAt }: Operation<unknown, unknown>): string | undefined {
  if (!Number.isFinite(invokedAt)) return 'invokedAt is not a finite number: give the time at which it was asked';
  if (completedAt === undefined) return undefined;
  if (!Number.isFinite(completedAt)) return 'completedAt is not a finite number: leave it out where no answer came';
  return completedAt < invokedAt ? 'completedAt is before invokedAt: an answer follows its question' : undefined;
}
