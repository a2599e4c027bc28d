// What happened: one entry per step (time, actor, message), always as a running 64-bit hash, and as lines of text on demand.
// Two runs did the same exactly if their hashes agree; the lines show where they parted. The hash is two murmur-like 32-bit
// lanes, made for speed and not for enemies.
import type { Typed } from '@chordial/actor';

/** Entries of one array or object that are hashed; of the rest only the count, so that a step stays cheap. */
const entriesHashedMax = 64;
/** Of bytes that are no view, such as a large array that several messages share. */
const bytesHashedMax = 4_096;
const depthMax = 4;
const textShownMax = 240;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

export interface HistoryLine {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly host: string;
  readonly lane: number;
  readonly actor: string;
  readonly message: string;
}

export class History {
  readonly lines: HistoryLine[] = [];
  steps = 0;
  readonly #linesMax: number;
  readonly #hashesMessages: boolean;
  readonly #typeHashes = new Map<string, number>();
  #a = 0x9e3779b9 | 0;
  #b = 0x7f4a7c15 | 0;

  /** Keeps the last `linesMax` lines; 0 keeps only the hash. `types`: of messages only the type is hashed, which is faster. */
  constructor(linesMax: number, detail: 'messages' | 'types' = 'messages') {
    this.#linesMax = linesMax;
    this.#hashesMessages = detail === 'messages';
  }

  /** 16 hexadecimal digits over everything so far. */
  get hash(): string {
    return hex(this.#a) + hex(this.#b);
  }

  /** One step, or one fault, of `actor` (an address, 0 for faults) on the host with number `host`. */
  record(at: number, host: number, actor: number, message: Typed): void {
    this.steps++;
    this.#number(at);
    this.#mix(host);
    this.#number(actor);
    if (this.#hashesMessages) this.#fields(message, 0);
    else this.#mix(this.#typeHash(message.type));
  }

  /** Keeps a readable line; the caller asks `wantsLines` first, because making one costs more than a step. */
  write(at: number, host: string, lane: number, actor: string, message: Typed): void {
    if (this.lines.length >= this.#linesMax * 2) this.lines.splice(0, this.#linesMax);
    this.lines.push({ at, host, lane, actor, message: picture(message) });
  }

  get wantsLines(): boolean {
    return this.#linesMax > 0;
  }

  /** The last lines, at most as many as were asked for. */
  tail(): readonly HistoryLine[] {
    return this.lines.slice(-this.#linesMax);
  }

  #mix(word: number): void {
    const a = Math.imul(this.#a ^ word, 0x85ebca6b);
    this.#a = (a ^ (a >>> 15)) | 0;
    const b = Math.imul(this.#b + word, 0xc2b2ae35);
    this.#b = ((b << 13) | (b >>> 19)) ^ this.#a;
  }

  #number(value: number): void {
    if ((value | 0) === value) {
      this.#mix(value);
      return;
    }
    float[0] = value;
    this.#mix(words[0]!);
    this.#mix(words[1]!);
  }

  /** Two characters a word; the loops below keep the state in variables, because most of a run's time is here. */
  #text(value: string): void {
    const { length } = value;
    this.#mix(length);
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < length; i += 2) {
      const word = value.charCodeAt(i) | (i + 1 < length ? value.charCodeAt(i + 1) << 16 : 0);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a = (a ^ (a >>> 15)) | 0;
      b = Math.imul(b + word, 0xc2b2ae35);
      b = ((b << 13) | (b >>> 19)) ^ a;
    }
    this.#a = a;
    this.#b = b;
  }

  #bytes(bytes: Uint8Array, start: number, end: number): void {
    this.#mix(end - start);
    let a = this.#a;
    let b = this.#b;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a = (a ^ (a >>> 15)) | 0;
      b = Math.imul(b + word, 0xc2b2ae35);
      b = ((b << 13) | (b >>> 19)) ^ a;
    }
    this.#a = a;
    this.#b = b;
    for (; i < end; i++) this.#mix(bytes[i]!);
  }

  #fields(value: object, depth: number): void {
    const record = value as Record<string, unknown>;
    const { bytes, start, end } = record;
    const isView = bytes instanceof Uint8Array && typeof start === 'number' && typeof end === 'number';
    if (isView) this.#bytes(bytes, start, end);
    let count = 0;
    for (const name in record) {
      if (isView && (name === 'bytes' || name === 'start' || name === 'end')) continue;
      if (++count > entriesHashedMax) continue;
      const field = record[name];
      if (typeof field === 'number') this.#number(field);
      else if (name === 'type' && typeof field === 'string') this.#mix(this.#typeHash(field));
      else this.#value(field, depth);
    }
    this.#mix(count);
  }

  #value(value: unknown, depth: number): void {
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'boolean') this.#mix(value ? 1 : 2);
    else if (typeof value === 'bigint') this.#text(value.toString());
    else if (value === null || typeof value !== 'object') this.#mix(3);
    else if (value instanceof Uint8Array) this.#bytes(value, 0, Math.min(value.length, bytesHashedMax));
    else if (ArrayBuffer.isView(value)) this.#mix(value.byteLength);
    else if (depth >= depthMax) this.#mix(4);
    else if (Array.isArray(value)) {
      this.#mix(value.length);
      for (let i = 0; i < value.length && i < entriesHashedMax; i++) this.#value(value[i], depth + 1);
    } else if (isPlain(value)) this.#fields(value, depth + 1);
    // Objects of a class (a parsed message that a lane hands around) are made from bytes that were hashed already.
    else this.#mix(5);
  }

  #typeHash(type: string): number {
    let hash = this.#typeHashes.get(type);
    if (hash === undefined) {
      hash = 0x811c9dc5;
      for (let i = 0; i < type.length; i++) hash = Math.imul(hash ^ type.charCodeAt(i), 0x01000193);
      this.#typeHashes.set(type, hash);
    }
    return hash;
  }
}

/** The first line in which two histories differ, or undefined when one is as the other. */
export function firstDifference(
  one: readonly HistoryLine[],
  other: readonly HistoryLine[],
):
  | { readonly index: number; readonly one: HistoryLine | undefined; readonly other: HistoryLine | undefined }
  | undefined {
  const count = Math.max(one.length, other.length);
  for (let index = 0; index < count; index++) {
    const a = one[index];
    const b = other[index];
    if (a === undefined || b === undefined || formatLine(a) !== formatLine(b)) return { index, one: a, other: b };
  }
  return undefined;
}

export const formatLine = (line: HistoryLine): string =>
  `${line.at.toFixed(3).padStart(12)} ${line.host}/${line.lane} ${line.actor}: ${line.message}`;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function picture(message: Typed): string {
  const { type, ...fields } = message as unknown as Record<string, unknown>;
  const shown = Object.entries(fields).flatMap(([name, value]) => {
    if (value instanceof Uint8Array) {
      const { start, end } = fields as { start?: number; end?: number };
      const view = name === 'bytes' ? value.subarray(start ?? 0, end ?? value.length) : value;
      return [`${name}=${view.length}B`];
    }
    if (name === 'start' || name === 'end') return [];
    return [`${name}=${textOf(value)}`];
  });
  const text = [type, ...shown].join(' ');
  return text.length > textShownMax ? `${text.slice(0, textShownMax)}…` : text;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value);
  } catch {
    return '(not plain data)';
  }
}
