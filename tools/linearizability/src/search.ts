// The search for an order of the operations of one key that explains all answers: depth first over configurations, keeping to
// what real time demands (Wing and Gong 1993), each configuration once (Lowe 2017; Horn and Kroening 2015), with a stack of
// its own and a bound on the work. Two rules of our own keep the tree small without losing an answer: an operation that
// leaves the state alone is linearized at once where it fits, as waiting gains nothing; and one without answer is linearized
// only where it changes the state and what follows directly would not have come out the same without it.
import { BitWindow } from './bit-window.ts';
import { ConfigurationCache } from './configuration-cache.ts';
import { isAnswered, type Model, momentsOf, type Operation } from './history.ts';
import { END, MomentList } from './moment-list.ts';

export interface SearchLimits {
  /** Configurations tried. */
  readonly statesMax: number;
  /** Goes on after the first explanation until that many different states were found at the end. */
  readonly finalStatesMax?: number;
}

export interface SearchEnd {
  readonly end:
    | 'explained'
    | 'impossible'
    /** Not known: the bound was reached first. */
    | 'exceeded';
  /** Indices of operations in an order that explains them; empty where none was found. */
  readonly order: readonly number[];
  /** The states that explanations end with, as texts. */
  readonly finalStates: readonly string[];
  /** How many answers, in order of time, can be explained when the answers after them count where it helps. */
  readonly answersExplained: number;
  readonly statesCount: number;
}

/** 32-bit words of the cache: 256 MiB. */
const cacheWordsMax = 2 ** 26;
const noChoices: readonly never[] = [];

/** A decision: `operation` was linearized at `node` by the given choice among the states it may lead to. */
interface Frame<State> {
  readonly node: number;
  readonly operation: number;
  readonly stateBefore: number;
  readonly choices: readonly State[];
  readonly choice: number;
  /** Nothing else need be tried. */
  readonly isFinal: boolean;
}

/** States as small numbers. */
class StateTable<State> {
  readonly states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #textOf: (state: State) => string;

  constructor(textOf: (state: State) => string) {
    this.#textOf = textOf;
  }

  numberOf(state: State): number {
    const text = this.#textOf(state);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.states.length);
    return this.states.push(state) - 1;
  }
}

export function search<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  { statesMax, finalStatesMax = 1 }: SearchLimits,
): SearchEnd {
  return new Search(model, operations).run(statesMax, finalStatesMax);
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  /** Without those that have no answer and change nothing: they explain nothing. */
  readonly #operations: readonly Operation<Input, Output>[];
  /** Where each stood in the given list. */
  readonly #indices: readonly number[];
  readonly #moments: MomentList;
  readonly #isAnswered: readonly boolean[];
  readonly #leavesState: readonly boolean[];
  /** The bit of each operation in its set, in order of invocation. */
  readonly #bits: Int32Array;
  readonly #answered: BitWindow;
  readonly #unanswered: BitWindow;
  readonly #seen = new ConfigurationCache(cacheWordsMax);
  readonly #states: StateTable<State>;
  readonly #frames: Frame<State>[] = [];
  #state: number;
  #answersLeft: number;
  #answersExplained = 0;

  constructor(model: Model<State, Input, Output>, given: readonly Operation<Input, Output>[]) {
    this.#model = model;
    // In the given order, so that answers at equal times are counted as everywhere else.
    this.#indices = [...given.keys()].filter(
      (index) => isAnswered(given[index]!) || !model.leavesState(given[index]!.input, undefined),
    );
    this.#operations = this.#indices.map((index) => {
      const operation = given[index]!;
      return isAnswered(operation) ? operation : { ...operation, completedAt: undefined, output: undefined };
    });
    this.#moments = new MomentList(this.#operations);
    this.#isAnswered = this.#operations.map(isAnswered);
    this.#leavesState = this.#operations.map(({ input, output }) => model.leavesState(input, output));
    let answered = 0;
    let unanswered = 0;
    this.#bits = new Int32Array(this.#operations.length);
    for (const { operation, isAnswer } of momentsOf(this.#operations)) {
      if (!isAnswer) this.#bits[operation] = this.#isAnswered[operation]! ? answered++ : unanswered++;
    }
    this.#answered = new BitWindow(answered);
    this.#unanswered = new BitWindow(unanswered);
    this.#answersLeft = answered;
    this.#states = new StateTable((state) => model.stateText(state));
    this.#state = this.#states.numberOf(model.init(given[0]?.key ?? ''));
  }

  run(statesMax: number, finalStatesMax: number): SearchEnd {
    const finalStates = new Set<number>();
    let order: readonly number[] = noChoices;
    const ended = (end: SearchEnd['end']): SearchEnd => ({
      end,
      order,
      finalStates: [...finalStates].map((state) => this.#model.stateText(this.#states.states[state]!)),
      answersExplained: this.#answersExplained,
      statesCount: this.#seen.count,
    });
    let node = this.#moments.first;
    let retried: Frame<State> | undefined;
    for (;;) {
      if (this.#answersLeft === 0 && !finalStates.has(this.#state)) {
        if (finalStates.size === 0) order = this.#frames.map(({ operation }) => this.#indices[operation]!);
        finalStates.add(this.#state);
        if (finalStates.size >= finalStatesMax) return ended('explained');
      }
      const operation = this.#moments.invokedAt(node);
      if (operation < 0) {
        this.#answersExplained = Math.max(this.#answersExplained, this.#moments.answerNumberAt(node) - 1);
        retried = this.#takeBack();
        if (retried === undefined) return ended(finalStates.size > 0 ? 'explained' : 'impossible');
        node = retried.node;
        continue;
      }
      const took = this.#linearize(node, operation, retried);
      const mayWait = took || !this.#leavesState[operation] || !this.#fits(operation);
      retried = undefined;
      if (took) {
        if (this.#seen.count > statesMax || this.#seen.isFull) return ended('exceeded');
        node = this.#moments.first;
      } else node = mayWait ? this.#moments.after(node) : END;
    }
  }

  /** Whether `operation` can come next; then, if it leaves the state alone and led nowhere, nothing does. */
  #fits(operation: number): boolean {
    return this.#choicesOf(this.#state, operation).length > 0;
  }

  #choicesOf(state: number, operation: number): readonly State[] {
    const { input, output } = this.#operations[operation]!;
    return this.#model.step(this.#states.states[state]!, input, output) ?? noChoices;
  }

  /** Lets `operation` be the next in the order, by the first choice (after the one retried) that leads anywhere new. */
  #linearize(node: number, operation: number, retried: Frame<State> | undefined): boolean {
    const choices = retried?.choices ?? this.#choicesOf(this.#state, operation);
    const set = this.#isAnswered[operation]! ? this.#answered : this.#unanswered;
    for (let choice = retried === undefined ? 0 : retried.choice + 1; choice < choices.length; choice++) {
      const state = this.#states.numberOf(choices[choice]!);
      if (this.#isUseless(operation, state)) continue;
      set.add(this.#bits[operation]!);
      if (!this.#seen.add(state, this.#answered, this.#unanswered)) {
        set.remove(this.#bits[operation]!);
        continue;
      }
      const isFinal = this.#leavesState[operation]!;
      this.#frames.push({ node, operation, stateBefore: this.#state, choices, choice, isFinal });
      this.#moments.lift(operation);
      this.#state = state;
      if (this.#isAnswered[operation]!) this.#answersLeft--;
      return true;
    }
    return false;
  }

  /** Whether the same end is reached with fewer operations of those that have no answer. */
  #isUseless(operation: number, state: number): boolean {
    if (!this.#isAnswered[operation]! && state === this.#state) return true;
    const before = this.#frames.at(-1);
    if (before === undefined || this.#isAnswered[before.operation]!) return false;
    return this.#choicesOf(before.stateBefore, operation).some((choice) => this.#states.numberOf(choice) === state);
  }

  /** Undoes decisions back to the last one that has an alternative; undefined: there is none. */
  #takeBack(): Frame<State> | undefined {
    for (;;) {
      const frame = this.#frames.pop();
      if (frame === undefined) return undefined;
      const isAnswered = this.#isAnswered[frame.operation]!;
      (isAnswered ? this.#answered : this.#unanswered).remove(this.#bits[frame.operation]!);
      if (isAnswered) this.#answersLeft++;
      this.#moments.putBack(frame.operation);
      this.#state = frame.stateBefore;
      if (!frame.isFinal) return frame;
    }
  }
}
