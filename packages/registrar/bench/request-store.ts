// One request per user, encoded beforehand, so that a bench makes no garbage of its own. A request is copied into a slot of
// a small arena, as a socket would write it, and gets the next CSeq there.
import { Peek, peek } from '@chordial/sip-parser';
import { requestText } from './registrar-lane.ts';

const strideBytes = 640;
const cseqFirst = 1_000_000_000;

export class RequestStore {
  readonly #octets: Uint8Array;
  readonly #lengths: Int32Array;
  readonly #cseqAt: Int32Array;

  constructor(usersCount: number, textOf: (user: number) => Parameters<typeof requestText>[0]) {
    this.#octets = new Uint8Array(usersCount * strideBytes);
    this.#lengths = new Int32Array(usersCount);
    this.#cseqAt = new Int32Array(usersCount);
    const encoder = new TextEncoder();
    for (let user = 0; user < usersCount; user++) {
      const text = requestText({ ...textOf(user), cseq: cseqFirst });
      const { written } = encoder.encodeInto(text, this.#octets.subarray(user * strideBytes, (user + 1) * strideBytes));
      if (written !== text.length) throw new Error('a request of the bench is longer than its place');
      this.#lengths[user] = written;
      this.#cseqAt[user] = text.indexOf('CSeq: ') + 6;
    }
  }

  /** Writes the request of `user` with CSeq `1000000000 + count` at `start` of the arena; returns its end. */
  write(user: number, count: number, arena: Uint8Array, start: number): number {
    const from = user * strideBytes;
    arena.set(this.#octets.subarray(from, from + this.#lengths[user]!), start);
    let cseq = cseqFirst + count;
    for (let p = start + this.#cseqAt[user]! + 9; p >= start + this.#cseqAt[user]!; p--) {
      arena[p] = 48 + (cseq % 10);
      cseq = Math.floor(cseq / 10);
    }
    return start + this.#lengths[user]!;
  }
}

/** What a socket reads in one turn: a few requests side by side, and a Peek for each. */
export class Turn {
  readonly arena: Uint8Array;
  readonly peeks: readonly Peek[];
  readonly #ends: Int32Array;

  constructor(requestsCount: number) {
    this.arena = new Uint8Array(requestsCount * strideBytes);
    this.peeks = Array.from({ length: requestsCount }, () => new Peek());
    this.#ends = new Int32Array(requestsCount);
  }

  fill(slot: number, store: RequestStore, user: number, count: number): void {
    this.#ends[slot] = store.write(user, count, this.arena, slot * strideBytes);
  }

  peekAll(): void {
    for (let slot = 0; slot < this.peeks.length; slot++) {
      if (!peek(this.arena, slot * strideBytes, this.#ends[slot]!, this.peeks[slot]!)) throw new Error('not a request');
    }
  }
}
