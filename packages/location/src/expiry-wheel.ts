// Says which entries may have expired, at a cost that does not depend on how many there are. Time is cut into ticks;
// each tick that somebody waits for has a doubly linked list through the entries themselves:
//
//   tick 12 -> entry <-> entry <-> entry
//   tick 97 -> entry
//
// An entry is visited at its tick *at the latest*. Whoever lives longer by then is placed anew, so a refresh, which
// only moves the end further away, does not touch the wheel at all. (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987,
// with a Map in place of the array, since most peers have few users.)
import { assert } from '@chordial/actor';

/** What an entry carries for the wheel. `tick` 0 is: in no list. */
export interface WheelEntry<E> {
  tick: number;
  previous: E | undefined;
  next: E | undefined;
}

export class ExpiryWheel<E extends WheelEntry<E>> {
  readonly #heads = new Map<number, E>();

  place(entry: E, tick: number): void {
    assert(entry.tick === 0 && tick > 0, 'an entry is in one list at a time');
    const head = this.#heads.get(tick);
    entry.tick = tick;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    this.#heads.set(tick, entry);
  }

  remove(entry: E): void {
    const { tick, previous, next } = entry;
    assert(tick > 0, 'only a placed entry is removed');
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next !== undefined) this.#heads.set(tick, next);
    else this.#heads.delete(tick);
    entry.tick = 0;
    entry.previous = undefined;
    entry.next = undefined;
  }

  /** The first entry of a tick, or undefined. */
  headOf(tick: number): E | undefined {
    return this.#heads.get(tick);
  }

  /** The earliest tick somebody waits for, or 0. Looks at each such tick once: at most the horizon of who places. */
  earliestTick(): number {
    let earliest = 0;
    for (const tick of this.#heads.keys()) if (earliest === 0 || tick < earliest) earliest = tick;
    return earliest;
  }
}
