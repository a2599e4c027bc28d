// The links of one lane to and from all other lanes of its host: one ring buffer per direction and pair, so that each ring has
// one writer and one reader and no lock. Records are written during a turn and published together at its end, with at
// most one wake-up per sleeping lane. What arrives is copied into an arena that lasts until the end of the turn.
import { type Address, assert, type Typed } from '@chordial/actor';
import { laneOf } from '@chordial/actor/shell';
import { Doorbell, RingReader, RingWriter } from 'sharedarraybuffer-ringbuffer';
import { Wire, type WireMemory, wireMemory } from './wire.ts';

/** Shared memory of all links of a host: `rings[from][to]`, absent where from = to, and one doorbell per lane. */
export interface LinkMemory {
  readonly rings: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  readonly doorbells: readonly SharedArrayBuffer[];
}

export interface LinkCounts {
  sent: number;
  received: number;
  /** Not sent because the ring to the other lane was full or the message too long for it. */
  refused: number;
  /** Records of a type that no behaviour of this lane registered. */
  unknown: number;
}

const recordsPerReadMax = 256;
const arenaBytesMin = 256 * 1_024;
const arenaBytesMax = 4 * 1_024 * 1_024;

export class Links {
  readonly counts: LinkCounts = { sent: 0, received: 0, refused: 0, unknown: 0 };
  /** The doorbell that this lane sleeps by. */
  readonly doorbell: Doorbell;
  readonly #wire: Wire;
  readonly #readers: RingReader[] = [];
  readonly #writers: (RingWriter | undefined)[] = [];
  readonly #memories: (WireMemory | undefined)[] = [];
  #arena = wireMemory(Buffer.allocUnsafeSlow(arenaBytesMin));
  #arenaUsed = 0;
  readonly #take: (bytes: Uint8Array, start: number, end: number) => void;

  constructor(
    lane: number,
    memory: LinkMemory,
    wire: Wire,
    deliver: (to: Address<Typed>, from: Address<never>, message: Typed) => void,
  ) {
    this.#wire = wire;
    this.doorbell = new Doorbell(memory.doorbells[lane]!);
    memory.rings.forEach((row, from) => {
      row.forEach((ring, to) => {
        if (ring === undefined) return;
        if (to === lane) this.#readers.push(new RingReader(ring));
        if (from !== lane) return;
        const writer = new RingWriter(ring, new Doorbell(memory.doorbells[to]!));
        this.#writers[to] = writer;
        this.#memories[to] = wireMemory(Buffer.from(ring));
      });
    });
    this.#take = (bytes, start, end) => {
      const at = this.#keep(bytes, start, end);
      const message = this.#wire.decode(this.#arena, at, at + end - start);
      if (message === undefined) this.counts.unknown++;
      else deliver(Wire.readTo(this.#arena, at), Wire.readFrom(this.#arena, at), message);
    };
  }

  /** Writes a message to the ring of its lane; false when there is no room. Seen there after `publish`. */
  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean {
    const lane = laneOf(to);
    const writer = this.#writers[lane];
    const at = writer === undefined ? -1 : writer.tryReserve(this.#wire.sizeMax(message));
    if (writer === undefined || at < 0) {
      this.counts.refused++;
      return false;
    }
    writer.commit(this.#wire.encode(this.#memories[lane]!, at, to, from, message));
    this.counts.sent++;
    return true;
  }

  /** Copies a record of another host, as it came, to the ring of its lane; false when there is no room. */
  forward(lane: number, bytes: Uint8Array, start: number, end: number): boolean {
    const writer = this.#writers[lane];
    const at = writer === undefined ? -1 : writer.tryReserve(end - start);
    if (writer === undefined || at < 0) {
      this.counts.refused++;
      return false;
    }
    this.#memories[lane]!.bytes.set(bytes.subarray(start, end), at);
    writer.commit(end - start);
    this.counts.sent++;
    return true;
  }

  /** Shows everything posted to the other lanes. */
  publish(): void {
    for (const writer of this.#writers) writer?.publish();
  }

  /** Delivers what other lanes published, at most a batch from each; returns how many messages. */
  drain(): number {
    let count = 0;
    for (const reader of this.#readers) {
      const read = reader.read(this.#take, recordsPerReadMax);
      // Something else wrote over the memory: the lane cannot go on, and the host says so.
      assert(read >= 0, `the link from another lane is whole, not ${reader.fault?.kind} at byte ${reader.fault?.at}`);
      count += read;
    }
    this.counts.received += count;
    return count;
  }

  get isEmpty(): boolean {
    return this.#readers.every((reader) => reader.isEmpty());
  }

  /** The turn is over: byte views of its messages may be overwritten. */
  endTurn(): void {
    this.#arenaUsed = 0;
  }

  /** Copies a record out of shared memory, where the writer may soon overwrite it. */
  #keep(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#arenaUsed + length > this.#arena.bytes.length) {
      // Views into the old arena keep it alive; the next turns use the new one.
      const lengthNext = Math.min(this.#arena.bytes.length * 2, arenaBytesMax);
      this.#arena = wireMemory(Buffer.allocUnsafeSlow(Math.max(lengthNext, length)));
      this.#arenaUsed = 0;
    }
    const at = this.#arenaUsed;
    this.#arena.bytes.set(bytes.subarray(start, end), at);
    this.#arenaUsed = (at + length + 7) & ~7;
    return at;
  }
}
