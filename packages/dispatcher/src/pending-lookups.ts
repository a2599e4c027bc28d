// Questions to the ring that wait for `successor-found`: requests, with a copy of their octets, and look-ups of operators.
// Bounded in number and octets. All wait equally long, so the oldest is always the first to be given up.
import type { Address } from '@chordial/actor';
import type { Flow } from '@chordial/sip-transport/protocol';
import type { LookedUp, LookUpFailed } from './protocol.ts';

interface PendingRequest {
  readonly kind: 'request';
  readonly bytes: Uint8Array;
  readonly flow: Flow;
  readonly hops: number;
  readonly askedAt: number;
}
interface PendingLookUp {
  readonly kind: 'look-up';
  readonly replyTo: Address<LookedUp | LookUpFailed>;
  readonly correlation: number;
  readonly askedAt: number;
}
export type PendingLookup = PendingRequest | PendingLookUp;

const bytesOf = (lookup: PendingLookup): number => (lookup.kind === 'request' ? lookup.bytes.length : 0);

export class PendingLookups {
  bytesCount = 0;
  readonly #byNumber = new Map<number, PendingLookup>();
  readonly #lookupsMax: number;
  readonly #bytesMax: number;
  #numberNext = 1;

  constructor(lookupsMax: number, bytesMax: number) {
    this.#lookupsMax = lookupsMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#byNumber.size;
  }

  hasRoom(bytesCount: number): boolean {
    return this.#byNumber.size < this.#lookupsMax && this.bytesCount + bytesCount <= this.#bytesMax;
  }

  /** The correlation to ask with. Only after `hasRoom`. */
  add(lookup: PendingLookup): number {
    const number = this.#numberNext++;
    this.#byNumber.set(number, lookup);
    this.bytesCount += bytesOf(lookup);
    return number;
  }

  take(number: number): PendingLookup | undefined {
    const lookup = this.#byNumber.get(number);
    if (lookup === undefined) return undefined;
    this.#byNumber.delete(number);
    this.bytesCount -= bytesOf(lookup);
    return lookup;
  }

  /** The oldest one and its number, or undefined. */
  oldest(): readonly [number: number, lookup: PendingLookup] | undefined {
    return this.#byNumber.entries().next().value;
  }
}
