// A doorbell wakes one sleeping thread that has many rings to look after: the sleeper owns it, every writer to that thread may
// ring it. Ringing a thread that is awake costs one load. No wake-up is lost: the sleeper first announces itself
// (prepareToSleep), then looks at its rings again, then waits; a writer first publishes, then looks for a sleeper. Both are
// sequentially consistent, so at least one of the two sees the other.
//
//   byte 0   magic 'BELL' u32
//   byte 64  state i32: 0 awake, 1 sleeping. The sleeper stores both; a ringer swaps 1 for 0 and notifies (only one can win).

import { assert } from './assert.ts';

const MAGIC = 0x42454c4c;
const STATE_WORD = 16;
const BELL_BYTES = 128;
const AWAKE = 0;
const SLEEPING = 1;

/** Look at the rings after either: 'rung' is a hint, and a ring may coincide with the end of the time. */
export type WakeReason = 'rung' | 'timed-out';

/** Allocates the memory of a doorbell; hand it to the sleeper and to everyone who may wake it. */
export function createDoorbell(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(BELL_BYTES);
  new Int32Array(buffer)[0] = MAGIC;
  return buffer;
}

export class Doorbell {
  readonly #words: Int32Array<SharedArrayBuffer>;
  #pending: Promise<WakeReason> | undefined;

  /** Throws when `buffer` does not come from createDoorbell. */
  constructor(buffer: SharedArrayBuffer) {
    assert(buffer.byteLength === BELL_BYTES, 'a doorbell is made by createDoorbell');
    this.#words = new Int32Array(buffer);
    assert(this.#words[0] === MAGIC, 'a doorbell is made by createDoorbell');
  }

  /** Any thread: wakes the sleeper if it sleeps, and says whether it did. */
  ring(): boolean {
    if (Atomics.load(this.#words, STATE_WORD) !== SLEEPING) return false;
    if (Atomics.compareExchange(this.#words, STATE_WORD, SLEEPING, AWAKE) !== SLEEPING) return false;
    Atomics.notify(this.#words, STATE_WORD);
    return true;
  }

  /** Sleeper, first step: from now on a ringer sees a sleeper. Next look at every ring; then wait, or cancel. */
  prepareToSleep(): void {
    Atomics.store(this.#words, STATE_WORD, SLEEPING);
  }

  /** Sleeper: there is work after all. Also ends a pending waitAsync (it resolves to 'rung'). */
  cancel(): void {
    Atomics.store(this.#words, STATE_WORD, AWAKE);
    if (this.#pending !== undefined) Atomics.notify(this.#words, STATE_WORD);
  }

  /** Sleeper: blocks the thread, so only for loops without sockets or timers (browsers forbid it on the main thread). */
  waitSync(timeoutMs = Number.POSITIVE_INFINITY): WakeReason {
    const woken = Atomics.wait(this.#words, STATE_WORD, SLEEPING, timeoutMs);
    Atomics.store(this.#words, STATE_WORD, AWAKE);
    return woken === 'timed-out' ? 'timed-out' : 'rung';
  }

  /**
   * Sleeper: waits while the event loop goes on. A wait that is pending already is returned again, with its own timeout.
   * It does not keep a Node process alive: something else must (a socket, a timer, a worker's parentPort).
   */
  waitAsync(timeoutMs = Number.POSITIVE_INFINITY): Promise<WakeReason> {
    if (this.#pending !== undefined) return this.#pending;
    const waiting = Atomics.waitAsync(this.#words, STATE_WORD, SLEEPING, timeoutMs);
    if (!waiting.async) return Promise.resolve(this.#awake(waiting.value));
    this.#pending = waiting.value.then((value) => this.#awake(value));
    return this.#pending;
  }

  #awake(value: 'ok' | 'not-equal' | 'timed-out'): WakeReason {
    this.#pending = undefined;
    Atomics.store(this.#words, STATE_WORD, AWAKE);
    return value === 'timed-out' ? 'timed-out' : 'rung';
  }
}
