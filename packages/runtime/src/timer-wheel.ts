// Timers of one lane on a two-level wheel (Varghese and Lauck 1987): setting, clearing and firing cost the same however many
// are pending, and nothing is allocated per timer. Level 0 has a slot per tick for the next 1,024 ticks, level 1 a slot
// per 1,024 ticks for the next million; what lies further ahead waits in the last slot of level 1 and is sorted in again.
//
//   id = generation * 2^24 + entry       entry -> next, previous (a list per slot), dueTick, payload
import { assert } from '@chordial/actor';

const slotsPerLevel = 1_024;
const slotMask = slotsPerLevel - 1;
/** Lists 0..1023 are level 0, 1024..2047 level 1; entries of the lists start after them. */
const firstEntry = 2 * slotsPerLevel;
const timersMax = 2 ** 24 - firstEntry;
const entryShift = 2 ** 24;
const generationsMax = 2 ** 28;
const none = -1;

export class TimerWheel<Payload> {
  /** Timers set and neither fired nor cleared. */
  count = 0;
  readonly #tickMs: number;
  #size = 4_096;
  #next = new Int32Array(this.#size);
  #previous = new Int32Array(this.#size);
  #dueTick = new Float64Array(this.#size);
  #generation = new Int32Array(this.#size);
  /** As long as the others from the start: V8 would make a hash table of an array that begins at 2,048. */
  readonly #payload: (Payload | undefined)[] = new Array(this.#size).fill(undefined);
  #free = none;
  #entryNext = firstEntry;
  /** Everything due at or before this tick has fired. */
  #tick: number;

  constructor(nowMs: number, tickMs: number) {
    assert(tickMs > 0, 'a tick takes time');
    this.#tickMs = tickMs;
    this.#tick = Math.floor(nowMs / tickMs);
    for (let list = 0; list < firstEntry; list++) this.#clearList(list);
  }

  /** Sets a timer due at `dueMs`; it fires in the first `advance` at or after that time. Returns an id, never 0. */
  set(dueMs: number, payload: Payload): number {
    const entry = this.#take();
    this.#dueTick[entry] = Math.max(Math.ceil(dueMs / this.#tickMs), this.#tick + 1);
    this.#payload[entry] = payload;
    this.#insert(entry);
    this.count++;
    return this.#generation[entry]! * entryShift + entry;
  }

  /** Forgets a timer; an id that fired or was cleared before is ignored. */
  clear(id: number): void {
    const entry = id % entryShift;
    if (entry < firstEntry || entry >= this.#entryNext) return;
    if (this.#payload[entry] === undefined || this.#generation[entry] !== Math.floor(id / entryShift)) return;
    this.#unlink(entry);
    this.#release(entry);
  }

  /** Fires everything due at `nowMs` in order of due ticks; `fire` may set and clear timers. */
  advance(nowMs: number, fire: (payload: Payload) => void): void {
    const target = Math.floor(nowMs / this.#tickMs);
    while (this.#tick < target) {
      if (this.count === 0) {
        this.#tick = target;
        return;
      }
      this.#tick++;
      const slot = this.#tick & slotMask;
      if (slot === 0) this.#sortIn(slotsPerLevel + (Math.floor(this.#tick / slotsPerLevel) & slotMask));
      while (this.#next[slot] !== slot) {
        const entry = this.#next[slot]!;
        const payload = this.#payload[entry]!;
        this.#unlink(entry);
        this.#release(entry);
        fire(payload);
      }
    }
  }

  /** Milliseconds until `advance` has something to do, at most `atMostMs`; for a shell that wants to sleep. */
  sleepMs(nowMs: number, atMostMs: number): number {
    if (this.count === 0) return atMostMs;
    const ticksMax = Math.min(slotsPerLevel, Math.ceil(atMostMs / this.#tickMs));
    for (let ahead = 1; ahead <= ticksMax; ahead++) {
      const slot = (this.#tick + ahead) & slotMask;
      // At slot 0 the next slot of level 1 is sorted in, so there may be something behind it.
      if (this.#next[slot] !== slot || slot === 0) return Math.max(0, (this.#tick + ahead) * this.#tickMs - nowMs);
    }
    return atMostMs;
  }

  #insert(entry: number): void {
    const due = this.#dueTick[entry]!;
    const ahead = due - this.#tick;
    if (ahead < slotsPerLevel) {
      this.#link(entry, due & slotMask);
      return;
    }
    const laps = Math.floor(due / slotsPerLevel) - Math.floor(this.#tick / slotsPerLevel);
    const turn = Math.floor(this.#tick / slotsPerLevel) + Math.min(laps, slotMask);
    this.#link(entry, slotsPerLevel + (turn & slotMask));
  }

  /** Moves the entries of a level 1 slot to where they belong now. */
  #sortIn(list: number): void {
    let entry = this.#next[list]!;
    this.#clearList(list);
    while (entry !== list) {
      const following = this.#next[entry]!;
      // Due exactly now: this tick's slot is emptied after the sorting.
      this.#insert(entry);
      entry = following;
    }
  }

  #clearList(list: number): void {
    this.#next[list] = list;
    this.#previous[list] = list;
  }

  #link(entry: number, list: number): void {
    const last = this.#previous[list]!;
    this.#next[last] = entry;
    this.#previous[entry] = last;
    this.#next[entry] = list;
    this.#previous[list] = entry;
  }

  #unlink(entry: number): void {
    const next = this.#next[entry]!;
    const previous = this.#previous[entry]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #take(): number {
    if (this.#free !== none) {
      const entry = this.#free;
      this.#free = this.#next[entry]!;
      return entry;
    }
    assert(this.#entryNext - firstEntry < timersMax, `a lane holds at most ${timersMax} timers`);
    if (this.#entryNext === this.#size) this.#grow();
    this.#generation[this.#entryNext] = 1;
    return this.#entryNext++;
  }

  #release(entry: number): void {
    this.#payload[entry] = undefined;
    this.#generation[entry] = (this.#generation[entry]! % (generationsMax - 1)) + 1;
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.count--;
  }

  #grow(): void {
    this.#size *= 2;
    const widen = <T extends Int32Array | Float64Array>(wide: T, narrow: T): T => {
      wide.set(narrow);
      return wide;
    };
    this.#next = widen(new Int32Array(this.#size), this.#next);
    this.#previous = widen(new Int32Array(this.#size), this.#previous);
    this.#generation = widen(new Int32Array(this.#size), this.#generation);
    this.#dueTick = widen(new Float64Array(this.#size), this.#dueTick);
  }
}
