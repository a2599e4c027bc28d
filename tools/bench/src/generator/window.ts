// The closed loop, apart from any socket: a fixed number of slots, each with one request under way. A slot that is answered sends
// its next request; one that waits for 500 ms (T1) sends the same octets again. Users are visited in a scattered order, each always
// through the same socket.
import { LatencyHistogram } from './latency-histogram.ts';
import {
  cseqMax,
  cseqMin,
  type RequestTemplate,
  readDigits,
  sequenceDigits,
  slotDigits,
  writeNumbers,
} from './request-template.ts';

export const slotBytes = 512;
export const windowMax = 4_096;
const retransmitMs = 500;
const retransmissionsMax = 10;

export interface WindowOptions {
  /** One per socket. */
  readonly templates: readonly RequestTemplate[];
  readonly slotsCount: number;
  readonly usersCount: number;
  readonly cseqFirst: number;
  /** No more requests than this many. */
  readonly requestsMax: number;
}

/** What happened since the last `clearCounts`. */
export interface WindowCounts {
  answered: number;
  /** Answered with anything but a 2xx. */
  refused: number;
  retransmitted: number;
  /** Given up after the last retransmission. */
  unanswered: number;
  /** Responses to nothing under way, as a late answer to a request sent twice. */
  stray: number;
}

export class Window {
  readonly counts: WindowCounts = { answered: 0, refused: 0, retransmitted: 0, unanswered: 0, stray: 0 };
  readonly latency = new LatencyHistogram();
  /** Requests that wait to be sent or sent again are read from here, `slotBytes` apart. */
  readonly bytes: Uint8Array;
  readonly requestBytes: number;
  /** Status line of the first response that was not a 2xx. */
  refusal: string | undefined;
  readonly #options: WindowOptions;
  readonly #sequenceOf: Float64Array;
  readonly #sentAt: Float64Array;
  readonly #attempts: Uint8Array;
  readonly #begunOf: Float64Array;
  readonly #turnOf: Uint32Array;
  readonly #usersPerSocket: number;
  readonly #stride: number;
  #sequence = 0;
  #underWay = 0;

  constructor(options: WindowOptions) {
    const { templates, slotsCount, usersCount } = options;
    this.#options = options;
    this.bytes = new Uint8Array(slotsCount * slotBytes);
    this.requestBytes = templates[0]!.bytes.length;
    for (let slot = 0; slot < slotsCount; slot++) this.bytes.set(this.#templateOf(slot).bytes, slot * slotBytes);
    this.#sequenceOf = new Float64Array(slotsCount).fill(-1);
    this.#sentAt = new Float64Array(slotsCount);
    this.#attempts = new Uint8Array(slotsCount);
    this.#begunOf = new Float64Array(templates.length);
    this.#turnOf = new Uint32Array(templates.length);
    this.#usersPerSocket = Math.max(1, Math.floor(usersCount / templates.length));
    this.#stride = scatteringStride(this.#usersPerSocket);
  }

  /** Requests begun so far, warm-up included. */
  get sequence(): number {
    return this.#sequence;
  }

  get finished(): boolean {
    return this.#underWay === 0 && this.#sequence >= this.#options.requestsMax;
  }

  socketOf(slot: number): number {
    return slot % this.#options.templates.length;
  }

  /** Writes the next request into a free slot; false when all have been sent. */
  prepare(slot: number, nowMs: number): boolean {
    const socket = this.socketOf(slot);
    if (this.#begunOf[socket]! >= this.#shareOf(socket)) return false;
    this.#begunOf[socket]!++;
    const turn = this.#turnOf[socket]!;
    this.#turnOf[socket] = turn + 1 === this.#usersPerSocket ? 0 : turn + 1;
    const user = ((turn * this.#stride) % this.#usersPerSocket) * this.#options.templates.length + socket;
    const sequence = this.#sequence++;
    const cseq = cseqMin + ((this.#options.cseqFirst - cseqMin + sequence) % (cseqMax - cseqMin + 1));
    writeNumbers(this.bytes, slot * slotBytes, this.#templateOf(slot), user, cseq, slot, sequence);
    this.#sequenceOf[slot] = sequence;
    this.#sentAt[slot] = nowMs;
    this.#attempts[slot] = 0;
    this.#underWay++;
    return true;
  }

  /** Takes a response: the slot that it frees, or -1. */
  settle(bytes: Uint8Array, start: number, end: number, nowMs: number): number {
    const at = branchDigitsAt(bytes, start, end, this.#options.templates[0]!.branchInVia);
    const slot = at < 0 ? -1 : readDigits(bytes, at, slotDigits);
    const sequence = at < 0 ? -1 : readDigits(bytes, at + slotDigits, sequenceDigits);
    if (slot < 0 || sequence < 0 || this.#sequenceOf[slot] !== sequence) {
      this.counts.stray++;
      return -1;
    }
    const statusClass = bytes[start + 8];
    if (statusClass === 0x31) return -1;
    if (statusClass !== 0x32) {
      this.counts.refused++;
      this.refusal ??= Buffer.from(bytes.subarray(start, end)).toString('latin1').split('\r\n', 1)[0] ?? '';
    }
    this.counts.answered++;
    this.latency.add((nowMs - this.#sentAt[slot]!) * 1_000);
    this.#free(slot);
    return slot;
  }

  /** Slots to send again, and those given up, which are free. Call it now and then. */
  overdue(nowMs: number, again: (slot: number) => void, free: (slot: number) => void): void {
    for (let slot = 0; slot < this.#options.slotsCount; slot++) {
      if (this.#sequenceOf[slot] === -1) continue;
      const attempts = this.#attempts[slot]!;
      if (nowMs - this.#sentAt[slot]! < retransmitMs * (attempts + 1)) continue;
      if (attempts === retransmissionsMax) {
        this.counts.unanswered++;
        this.#free(slot);
        free(slot);
      } else {
        this.#attempts[slot] = attempts + 1;
        this.counts.retransmitted++;
        again(slot);
      }
    }
  }

  clearCounts(): void {
    Object.assign(this.counts, { answered: 0, refused: 0, retransmitted: 0, unanswered: 0, stray: 0 });
    this.latency.clear();
  }

  /** Requests that a socket sends in all; equal shares, so that a run as long as there are users visits each once. */
  #shareOf(socket: number): number {
    const { requestsMax, templates } = this.#options;
    return Math.floor((requestsMax + templates.length - 1 - socket) / templates.length);
  }

  #templateOf(slot: number): RequestTemplate {
    return this.#options.templates[this.socketOf(slot)]!;
  }

  #free(slot: number): void {
    this.#sequenceOf[slot] = -1;
    this.#underWay--;
  }
}

/** Where the branch's digits are: at once when the response repeats our Via first and unchanged, by search when not. */
function branchDigitsAt(bytes: Uint8Array, start: number, end: number, branchInVia: number): number {
  let at = start + 12;
  while (at < end && bytes[at] !== 0x0a) at++;
  const digits = at + 1 + branchInVia;
  if (bytes[at + 1] === 0x56 && digits + slotDigits + sequenceDigits <= end) return digits;
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  const branch = /;\s*branch\s*=\s*z9hG4bK[a-z]+/i.exec(text);
  return branch === null ? -1 : start + branch.index + branch[0].length;
}

/** A step that visits all of `count` places, far from each other. */
function scatteringStride(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (greatestCommonDivisor(stride, count) !== 1) stride++;
  return stride;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
