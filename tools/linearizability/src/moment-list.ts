// The moments of a history as a doubly linked list in typed arrays, out of which operations are lifted in pairs (invocation and
// answer) and put back in the opposite order, as in Knuth's dancing links. What stands before the first answer may be
// linearized next (Wing and Gong 1993).
import { momentsOf, type Operation } from './history.ts';

/** The node before the first and after the last moment. */
export const END = 0;
const NONE = -1;

export class MomentList {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** By node: the operation invoked, or NONE. */
  readonly #invoked: Int32Array;
  /** By node: 1 for the first answer of the history, 2 for the second ...; 0 where none. */
  readonly #answerNumber: Int32Array;
  /** By operation: its two nodes; no answer: END. */
  readonly #invocationNode: Int32Array;
  readonly #answerNode: Int32Array;

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const moments = momentsOf(operations);
    const nodesCount = moments.length + 1;
    this.#next = Int32Array.from({ length: nodesCount }, (_, node) => (node + 1) % nodesCount);
    this.#previous = Int32Array.from({ length: nodesCount }, (_, node) => (node + nodesCount - 1) % nodesCount);
    this.#invoked = new Int32Array(nodesCount).fill(NONE);
    this.#answerNumber = new Int32Array(nodesCount);
    this.#invocationNode = new Int32Array(operations.length);
    this.#answerNode = new Int32Array(operations.length);
    let answers = 0;
    for (const [index, { operation, isAnswer }] of moments.entries()) {
      const node = index + 1;
      (isAnswer ? this.#answerNode : this.#invocationNode)[operation] = node;
      if (isAnswer) this.#answerNumber[node] = ++answers;
      else this.#invoked[node] = operation;
    }
  }

  get first(): number {
    return this.#next[END]!;
  }

  after(node: number): number {
    return this.#next[node]!;
  }

  /** The operation that this moment begins; negative: it is an answer or the end. */
  invokedAt(node: number): number {
    return this.#invoked[node]!;
  }

  /** Counted from 1 in order of time; 0: this moment is no answer. */
  answerNumberAt(node: number): number {
    return this.#answerNumber[node]!;
  }

  lift(operation: number): void {
    this.#unlink(this.#invocationNode[operation]!);
    const answer = this.#answerNode[operation]!;
    if (answer !== END) this.#unlink(answer);
  }

  /** Only for the operation lifted last. */
  putBack(operation: number): void {
    const answer = this.#answerNode[operation]!;
    if (answer !== END) this.#link(answer);
    this.#link(this.#invocationNode[operation]!);
  }

  #unlink(node: number): void {
    this.#next[this.#previous[node]!] = this.#next[node]!;
    this.#previous[this.#next[node]!] = this.#previous[node]!;
  }

  #link(node: number): void {
    this.#next[this.#previous[node]!] = node;
    this.#previous[this.#next[node]!] = node;
  }
}
