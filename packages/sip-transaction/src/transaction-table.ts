// All transactions of a lane, in typed arrays: a slot for each, found by the hash of its key, and one record in a circular
// store with what must be remembered. The store is written in the order of time and Timer J is the same for all, so its
// oldest record is always the next one to end; one rule then serves expiry and overload: the oldest ends first.
//
//   record:  | key | status line | Via .. CSeq of the response | the rest of the response, once there is one |
//            offset  messageAt     copiedAt .. copiedEnd          messageEnd      (from `offset`)
import { assert } from '@chordial/actor';
import type { Flow } from '@chordial/sip-transport/protocol';
import { RecordRing } from './record-ring.ts';
import type { RequestKey } from './request-key.ts';

export const FREE = 0;
export const TRYING = 1;
export const PROCEEDING = 2;
export const COMPLETED = 3;

const NONE = -1;
const SLOTS_INITIAL = 1024;
/** A transaction's number is its slot and, above it, how often the slot was used. */
const SLOT_LIMIT = 2 ** 21;

interface TableLimits {
  readonly bytesInitial: number;
  readonly bytesMax: number;
  readonly transactionsMax: number;
}

export class TransactionTable {
  readonly ring: RecordRing;
  /** Not yet finally answered. */
  openCount = 0;
  count = 0;
  /** Ended before their time because room was needed: with and without a final answer. */
  endedEarly = 0;
  abandonedEarly = 0;
  state: Uint8Array = new Uint8Array(SLOTS_INITIAL);
  offset: Uint32Array = new Uint32Array(SLOTS_INITIAL);
  messageAt: Uint32Array = new Uint32Array(SLOTS_INITIAL);
  copiedAt: Uint32Array = new Uint32Array(SLOTS_INITIAL);
  copiedEnd: Uint32Array = new Uint32Array(SLOTS_INITIAL);
  messageEnd: Uint32Array = new Uint32Array(SLOTS_INITIAL);
  writtenAt: Float64Array = new Float64Array(SLOTS_INITIAL);
  /** The way back, until the final answer. */
  readonly flow: (Flow | undefined)[] = new Array(SLOTS_INITIAL).fill(undefined);
  #generation = new Uint32Array(SLOTS_INITIAL);
  #hash = new Int32Array(SLOTS_INITIAL);
  /** The next slot of the same bucket, or of the free list. */
  #next = new Int32Array(SLOTS_INITIAL);
  #buckets = new Int32Array(SLOTS_INITIAL).fill(NONE);
  #free = NONE;
  readonly #slotsMax: number;
  /** The youngest record of a slot comes last, so an offset that was set here is not taken for a dead one's. */
  readonly #moved = (slot: number, offsetBefore: number, offset: number): void => {
    if (this.holds(slot, offsetBefore)) this.offset[slot] = offset;
  };

  constructor({ bytesInitial, bytesMax, transactionsMax }: TableLimits) {
    this.ring = new RecordRing(bytesInitial, bytesMax);
    this.#slotsMax = Math.min(transactionsMax, SLOT_LIMIT);
    this.#offerSlots(0, Math.min(SLOTS_INITIAL, this.#slotsMax));
  }

  /** The slot of the transaction with this key, or -1. */
  find(key: RequestKey): number {
    let slot = this.#buckets[key.hash & (this.#buckets.length - 1)]!;
    while (slot !== NONE && !(this.#hash[slot] === key.hash && this.#keyIs(slot, key))) slot = this.#next[slot]!;
    return slot;
  }

  /** The number by which a service names the transaction. */
  numberOf(slot: number): number {
    return this.#generation[slot]! * SLOT_LIMIT + slot;
  }
  /** The slot that a number names, or -1 when that transaction is over. */
  slotOf(transaction: number): number {
    const slot = transaction % SLOT_LIMIT;
    const known = slot < this.state.length && this.state[slot] !== FREE && this.numberOf(slot) === transaction;
    return known ? slot : NONE;
  }

  /** Whether the record at `offset` is what its slot holds now, and not an earlier record of it. */
  holds(slot: number, offset: number): boolean {
    return this.state[slot] !== FREE && this.offset[slot] === offset;
  }

  /**
   * Makes room for a record, at the cost of the oldest ones. Records written at `now` are spared: a message sent in this
   * turn may still point to them. False when there is no room even so.
   */
  makeRoom(length: number, now: number): boolean {
    const { ring } = this;
    if (!ring.couldFit(length)) return false;
    while (!ring.fits(length)) {
      if (this.#dropDead()) continue;
      if (ring.canGrow) ring.grow(this.#moved);
      else if (!this.#sacrificeOldest(now)) return false;
    }
    return true;
  }

  /** A slot for a new transaction, or -1. Its record must be written before anything else is asked of the table. */
  create(key: RequestKey, now: number): number {
    while (this.#free === NONE) {
      if (this.state.length < this.#slotsMax) this.#growSlots();
      else if (!this.#dropDead() && !this.#sacrificeOldest(now)) return NONE;
    }
    const slot = this.#free;
    this.#free = this.#next[slot]!;
    this.#generation[slot]!++;
    this.#hash[slot] = key.hash;
    this.#chain(slot);
    this.state[slot] = TRYING;
    this.count++;
    this.openCount++;
    return slot;
  }

  complete(slot: number): void {
    this.state[slot] = COMPLETED;
    this.flow[slot] = undefined;
    this.openCount--;
  }

  /** When the oldest record was written, or undefined when there is none; dead records are swept on the way. */
  oldestWrittenAt(): number | undefined {
    while (this.#dropDead());
    return this.ring.count === 0 ? undefined : this.writtenAt[this.ring.oldestSlot];
  }

  /** Ends the oldest transaction (`oldestWrittenAt` was just asked); true when it had its final answer. */
  endOldest(): boolean {
    const slot = this.ring.oldestSlot;
    const answered = this.state[slot] === COMPLETED;
    this.ring.dropOldest();
    this.#end(slot);
    return answered;
  }

  /** Ends a transaction whose response is not kept; its record is dead and swept when it is the oldest. */
  forget(slot: number): void {
    this.#end(slot);
  }

  #sacrificeOldest(now: number): boolean {
    const { ring } = this;
    if (ring.count === 0 || this.writtenAt[ring.oldestSlot] === now) return false;
    if (this.endOldest()) this.endedEarly++;
    else this.abandonedEarly++;
    return true;
  }

  /** Drops the oldest record if it is a filler or its slot has a younger one. */
  #dropDead(): boolean {
    const { ring } = this;
    if (ring.count === 0) return false;
    const slot = ring.oldestSlot;
    if (slot >= 0 && this.holds(slot, ring.oldestOffset)) return false;
    ring.dropOldest();
    return true;
  }

  #end(slot: number): void {
    if (this.state[slot] !== COMPLETED) this.openCount--;
    this.state[slot] = FREE;
    this.flow[slot] = undefined;
    this.count--;
    const bucket = this.#hash[slot]! & (this.#buckets.length - 1);
    let at = this.#buckets[bucket]!;
    if (at === slot) this.#buckets[bucket] = this.#next[slot]!;
    else {
      while (this.#next[at] !== slot) at = this.#next[at]!;
      this.#next[at] = this.#next[slot]!;
    }
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  #keyIs(slot: number, { bytes, length }: RequestKey): boolean {
    const offset = this.offset[slot]!;
    if (this.messageAt[slot] !== length) return false;
    const stored = this.ring.bytes;
    for (let i = 0; i < length; i++) if (stored[offset + i] !== bytes[i]) return false;
    return true;
  }

  #chain(slot: number): void {
    const bucket = this.#hash[slot]! & (this.#buckets.length - 1);
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
  }

  #offerSlots(from: number, to: number): void {
    for (let slot = to - 1; slot >= from; slot--) {
      this.#next[slot] = this.#free;
      this.#free = slot;
    }
  }

  #growSlots(): void {
    const before = this.state.length;
    const after = before * 2;
    assert(this.count === before, 'slots are added only when all are in use');
    const widen = <A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(wide: A, narrow: A): A => {
      wide.set(narrow as ArrayLike<number>);
      return wide;
    };
    this.state = widen(new Uint8Array(after), this.state);
    this.offset = widen(new Uint32Array(after), this.offset);
    this.messageAt = widen(new Uint32Array(after), this.messageAt);
    this.copiedAt = widen(new Uint32Array(after), this.copiedAt);
    this.copiedEnd = widen(new Uint32Array(after), this.copiedEnd);
    this.messageEnd = widen(new Uint32Array(after), this.messageEnd);
    this.writtenAt = widen(new Float64Array(after), this.writtenAt);
    this.#generation = widen(new Uint32Array(after), this.#generation);
    this.#hash = widen(new Int32Array(after), this.#hash);
    this.#next = new Int32Array(after);
    this.#buckets = new Int32Array(after).fill(NONE);
    for (let slot = 0; slot < before; slot++) this.#chain(slot);
    for (let slot = before; slot < after; slot++) this.flow.push(undefined);
    this.#offerSlots(before, Math.min(after, this.#slotsMax));
  }
}
