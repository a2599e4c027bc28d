// The configurations (set of linearized operations, state) that a search has seen, so that none is searched twice (Lowe 2017).
// An open hash table of offsets into one growing array of words; only the windows of the two sets are kept.
//
//   | hash | state | from | count | from | count | answered words ... | unanswered words ... |
import type { BitWindow } from './bit-window.ts';

const HEAD_WORDS = 6;
const EMPTY = -1;

export class ConfigurationCache {
  readonly #wordsMax: number;
  #table = new Int32Array(64).fill(EMPTY);
  #words = new Uint32Array(1_024);
  #used = 0;
  count = 0;

  /** `wordsMax`: 32-bit words of memory, above which the cache is full. */
  constructor(wordsMax: number) {
    this.#wordsMax = wordsMax;
  }

  get isFull(): boolean {
    return this.#used >= this.#wordsMax;
  }

  /** False: it was there already. */
  add(state: number, answered: BitWindow, unanswered: BitWindow): boolean {
    const offset = this.#write(state, answered, unanswered);
    const slot = this.#slotOf(offset);
    if (this.#table[slot] !== EMPTY) return false;
    this.#table[slot] = offset;
    this.#used = offset + this.#lengthAt(offset);
    this.count++;
    if (this.count * 2 > this.#table.length) this.#enlargeTable();
    return true;
  }

  /** Behind what is in use; kept by raising #used. */
  #write(state: number, answered: BitWindow, unanswered: BitWindow): number {
    const offset = this.#used;
    const answeredCount = answered.to - answered.from;
    const unansweredCount = unanswered.to - unanswered.from;
    const length = HEAD_WORDS + answeredCount + unansweredCount;
    if (offset + length > this.#words.length) {
      const larger = new Uint32Array(Math.max(this.#words.length * 2, offset + length));
      larger.set(this.#words);
      this.#words = larger;
    }
    const words = this.#words;
    words[offset + 1] = state;
    words[offset + 2] = answered.from;
    words[offset + 3] = answeredCount;
    words[offset + 4] = unanswered.from;
    words[offset + 5] = unansweredCount;
    let at = offset + HEAD_WORDS;
    for (let i = answered.from; i < answered.to; i++) words[at++] = answered.words[i]!;
    for (let i = unanswered.from; i < unanswered.to; i++) words[at++] = unanswered.words[i]!;
    let hash = 0;
    for (let i = offset + 1; i < at; i++) {
      hash = Math.imul(hash ^ words[i]!, 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    words[offset] = hash;
    return offset;
  }

  #lengthAt(offset: number): number {
    return HEAD_WORDS + this.#words[offset + 3]! + this.#words[offset + 5]!;
  }

  /** Where the same configuration is, or the empty slot where it belongs. */
  #slotOf(offset: number): number {
    const mask = this.#table.length - 1;
    let slot = this.#words[offset]! & mask;
    for (;;) {
      const found = this.#table[slot]!;
      if (found === EMPTY || this.#isSame(found, offset)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSame(a: number, b: number): boolean {
    const length = this.#lengthAt(b);
    for (let i = 0; i < length; i++) if (this.#words[a + i] !== this.#words[b + i]) return false;
    return true;
  }

  #enlargeTable(): void {
    this.#table = new Int32Array(this.#table.length * 2).fill(EMPTY);
    for (let offset = 0; offset < this.#used; offset += this.#lengthAt(offset)) {
      this.#table[this.#slotOf(offset)] = offset;
    }
  }
}
