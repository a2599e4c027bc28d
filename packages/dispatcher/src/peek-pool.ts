// Peeks for the messages of one turn. A Peek is large and lives as long as the octets it describes, until the end of the
// turn; all steps of a turn have the same `now`, so when time has moved on all of them can be used again.
import { Peek } from '@chordial/sip-parser';

const POOLED_MAX = 1024;

export class PeekPool {
  readonly #peeks: Peek[] = [];
  #used = 0;
  #now = -1;

  take(now: number): Peek {
    if (now !== this.#now) {
      this.#now = now;
      this.#used = 0;
    }
    const known = this.#peeks[this.#used];
    if (known !== undefined) {
      this.#used++;
      return known;
    }
    const fresh = new Peek();
    if (this.#peeks.length < POOLED_MAX) {
      this.#peeks.push(fresh);
      this.#used++;
    }
    return fresh;
  }
}
