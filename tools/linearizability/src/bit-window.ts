// A set of small whole numbers as bits that knows where its full words at the bottom end and its empty words at the top begin.
// Operations are linearized roughly in the order of their invocation, so what lies between is short however long the history.

const FULL = 0xffff_ffff;

export class BitWindow {
  readonly words: Uint32Array;
  /** All words below are full. */
  from = 0;
  /** All words from here on are empty. */
  to = 0;

  constructor(bitsCount: number) {
    this.words = new Uint32Array((bitsCount + 31) >>> 5);
  }

  add(bit: number): void {
    const word = bit >>> 5;
    this.words[word]! |= 1 << (bit & 31);
    if (word >= this.to) this.to = word + 1;
    while (this.from < this.to && this.words[this.from] === FULL) this.from++;
  }

  remove(bit: number): void {
    const word = bit >>> 5;
    this.words[word]! &= ~(1 << (bit & 31));
    if (word < this.from) this.from = word;
    while (this.to > this.from && this.words[this.to - 1] === 0) this.to--;
  }
}
