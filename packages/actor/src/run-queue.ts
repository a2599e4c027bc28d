// The run queue of one lane: a first-in first-out ring of (target, sender, message) in three parallel arrays that
// double when full, so that a message costs no allocation. Order between any two actors is the order of sending.
import { assert } from './assert.ts';
import type { Typed } from './words.ts';

export class RunQueue<Target> {
  #targets: (Target | undefined)[];
  #senders: number[];
  #messages: (Typed | undefined)[];
  #mask: number;
  #head = 0;
  #count = 0;
  /** The entry that `shift` took out last. */
  target: Target | undefined;
  sender = 0;
  message: Typed | undefined;

  constructor(sizeInitial = 256) {
    assert((sizeInitial & (sizeInitial - 1)) === 0, 'the size of a run queue is a power of two');
    this.#targets = new Array(sizeInitial).fill(undefined);
    this.#senders = new Array(sizeInitial).fill(0);
    this.#messages = new Array(sizeInitial).fill(undefined);
    this.#mask = sizeInitial - 1;
  }

  get count(): number {
    return this.#count;
  }

  push(target: Target, sender: number, message: Typed): void {
    if (this.#count > this.#mask) this.#grow();
    const slot = (this.#head + this.#count++) & this.#mask;
    this.#targets[slot] = target;
    this.#senders[slot] = sender;
    this.#messages[slot] = message;
  }

  /** Takes the oldest entry into `target`, `sender` and `message`; false when there is none. */
  shift(): boolean {
    if (this.#count === 0) return false;
    const slot = this.#head;
    this.target = this.#targets[slot];
    this.sender = this.#senders[slot]!;
    this.message = this.#messages[slot];
    this.#targets[slot] = undefined;
    this.#messages[slot] = undefined;
    this.#head = (slot + 1) & this.#mask;
    this.#count--;
    return true;
  }

  #grow(): void {
    const straighten = <T>(ring: T[], filler: T): T[] => {
      const straight = [...ring.slice(this.#head), ...ring.slice(0, this.#head)];
      for (let i = straight.length; i > 0; i--) straight.push(filler);
      return straight;
    };
    this.#targets = straighten(this.#targets, undefined);
    this.#senders = straighten(this.#senders, 0);
    this.#messages = straighten(this.#messages, undefined);
    this.#head = 0;
    this.#mask = this.#mask * 2 + 1;
  }
}
