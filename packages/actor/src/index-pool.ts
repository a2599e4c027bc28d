// Which indices of a lane are taken, and in which generation. A freed index rests: it comes back only when thousands of others were
// freed after it, so that an address kept by somebody after its actor stopped does not soon name another actor.
import { actorsPerLaneMax, generationsMax, wellKnownMax } from './address.ts';
import { assert } from './assert.ts';

/** So many freed indices rest before the first is reused: an address names another actor after a million lives at the earliest. */
export const indicesRestingMin = 4_096;
/** Above this many used-up entries at its front the list of resting indices is cut. */
const usedUpMax = 4_096;

export class IndexPool {
  readonly #generations: number[] = [];
  readonly #resting: number[] = [];
  #restingHead = 0;
  #next = wellKnownMax;

  /** Takes an index, the longest rested one if enough of them rest; fails when a lane has no more. */
  take(): number {
    const restingCount = this.#resting.length - this.#restingHead;
    if (this.#next < actorsPerLaneMax && restingCount < indicesRestingMin) {
      this.#generations[this.#next] = 0;
      return this.#next++;
    }
    const index = this.#resting[this.#restingHead];
    assert(index !== undefined, 'a lane holds at most 1,048,544 actors');
    if (++this.#restingHead > usedUpMax && this.#restingHead * 2 > this.#resting.length) {
      this.#resting.splice(0, this.#restingHead);
      this.#restingHead = 0;
    }
    this.#generations[index] = (this.#generations[index]! + 1) % generationsMax;
    return index;
  }

  /** The generation of an index that `take` gave; well-known ones have 0 in every life. */
  generationOf(index: number): number {
    return this.#generations[index] ?? 0;
  }

  free(index: number): void {
    if (index >= wellKnownMax) this.#resting.push(index);
  }
}
