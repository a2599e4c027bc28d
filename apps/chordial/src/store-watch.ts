// Whether the store of a host is in trouble, as it said last. It is asked whenever it has news, and again while it is in trouble or does not
// answer: what it says once may find its lane too busy to be asked.
import type { Asking } from './asking.ts';
import { describeStore } from './repair-status.ts';

const againMs = 2_000;

export class StoreWatch {
  /** Empty while it works. */
  trouble = '';
  readonly #asking: Asking;
  #again: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  async look(): Promise<void> {
    const described = await describeStore(this.#asking).catch(() => undefined);
    if (described !== undefined) this.trouble = described.trouble;
    if (this.#isEnded || this.#again !== undefined || (described !== undefined && this.trouble === '')) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      void this.look();
    }, againMs);
    this.#again.unref();
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#again);
  }
}
