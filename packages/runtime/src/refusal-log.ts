// Lines about refused callers, few enough that a stranger cannot fill a log: ten at once, then one a second; the next line says how many were left out.

const burstMax = 10;
const refillMs = 1_000;

export class RefusalLog {
  readonly #clock: () => number;
  readonly #write: (sentence: string) => void;
  #left = burstMax;
  #filledAt: number;
  #omitted = 0;

  constructor(clock: () => number, write: (sentence: string) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#filledAt = clock();
  }

  add(sentence: string): void {
    const gained = Math.floor((this.#clock() - this.#filledAt) / refillMs);
    this.#left = Math.min(burstMax, this.#left + gained);
    this.#filledAt += gained * refillMs;
    if (this.#left === 0) {
      this.#omitted++;
      return;
    }
    this.#left--;
    this.#write(this.#omitted === 0 ? sentence : `${sentence} (${this.#omitted} others were refused and not told of)`);
    this.#omitted = 0;
  }
}
