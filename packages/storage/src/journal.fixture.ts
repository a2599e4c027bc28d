// A journal store on a tiny disk, for its tests: requests wait until the test lets the disk go on; a crash tears the append under way and loses the
// rest; the disk can be full, or fail and leave a part of what it was to append.
import { type Address, makeAddress, type Outbox } from '@chordial/actor';
import type { DiskEvent, DiskRequest } from '@chordial/actor/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { type JournalConfig, type JournalState, journalStore } from './journal.ts';
import type { StorageEvent, StorageJob, StorageMessage, StorageNews, StoredRecord } from './protocol.ts';

const port = makeAddress<DiskRequest>(0, 0, 3);
const owner = makeAddress<StorageNews>(0, 0, 40);
const self = makeAddress<StorageMessage>(0, 0, 41);
const client = makeAddress<StorageEvent>(0, 0, 42);

/** A job without who asks and its number. */
export type Ask = StorageJob extends infer J
  ? J extends StorageJob
    ? Omit<J, 'replyTo' | 'correlation' | 'withinMs'>
    : never
  : never;

export class JournalDesk {
  now = 0;
  readonly files = new Map<string, Uint8Array>();
  /** What the disk was asked and has not done. */
  pending: DiskRequest[] = [];
  /** The code with which writes fail; undefined while the disk is well. */
  failing: string | undefined;
  /** So many bytes of a failing append stay in the file. */
  leftBytes = 0;
  readonly news: string[] = [];
  readonly answers = new Map<number, StorageEvent>();
  state!: JournalState;
  /** While true, what the store sends itself waits. */
  isTurnOpen = false;
  #own: StorageMessage[] = [];
  #timers: { id: number; at: number }[] = [];
  #timerNext = 1;
  #correlation = 1;
  #lives = 0;
  readonly #isInMemory: boolean;
  readonly #options: Partial<JournalConfig>;

  constructor(isInMemory = false, options: Partial<JournalConfig> = {}) {
    this.#isInMemory = isInMemory;
    this.#options = options;
    this.start();
  }

  start(): void {
    const disk = this.#isInMemory ? undefined : { port, file: 'records' };
    const config = { disk, owner, startedAt: 1_000_000, ...this.#options };
    this.#timers = [];
    this.pending = [];
    this.state = journalStore.init(config, { self, now: this.now, seed: ++this.#lives * 7_919 }, this.#out);
  }

  /** Sends a job; its number. */
  send(ask: Ask, withinMs = 0): number {
    const correlation = this.#correlation++;
    this.step({ ...ask, replyTo: client, correlation, withinMs } as StorageJob);
    return correlation;
  }

  cancel(correlation: number): void {
    this.step({ type: 'cancel-job', replyTo: client, correlation });
  }

  /** Sends a job and lets the disk work until it is answered. */
  ask(ask: Ask): StorageEvent {
    const correlation = this.send(ask);
    if (!this.answers.has(correlation)) this.settle();
    for (let i = 0; i < 1_000 && !this.answers.has(correlation); i++) this.advance(1);
    return this.answers.get(correlation)!;
  }

  step(message: StorageMessage): void {
    journalStore.step(this.state, { now: this.now, from: client as Address<never>, message }, this.#out);
    while (this.#own.length > 0 && !this.isTurnOpen) {
      journalStore.step(
        this.state,
        { now: this.now, from: self as Address<never>, message: this.#own.shift()! },
        this.#out,
      );
    }
    const broken = journalStore.invariants!(this.state);
    if (broken !== undefined) throw new Error(broken);
  }

  /** The disk does one request: the first one of a file, chosen by `choice`. */
  work(choice = 0): void {
    const firsts = this.pending.filter((one, at) => this.pending.findIndex(({ file }) => file === one.file) === at);
    const request = firsts[choice % Math.max(1, firsts.length)];
    if (request === undefined) return;
    this.pending.splice(this.pending.indexOf(request), 1);
    this.step(this.#carryOut(request));
  }

  settle(): void {
    while (this.pending.length > 0) this.work();
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      this.step({ type: 'store-due' });
      this.settle();
    }
    this.now = until;
  }

  /** `reach(bytes)` says how many bytes of a write under way reach the disk. */
  crash(reach: (bytes: number) => number = () => 0): void {
    const torn = new Set<string>();
    for (const request of this.pending) {
      if (request.type === 'read-file' || torn.has(request.file) || this.failing !== undefined) continue;
      const reached = Math.min(request.end, reach(request.end));
      if (reached < request.end) torn.add(request.file);
      if (request.type === 'append-file') this.#append(request.file, request.bytes.subarray(0, reached));
      else if (reached === request.end) this.files.set(request.file, request.bytes);
    }
    this.start();
  }

  #carryOut(request: DiskRequest): DiskEvent {
    const { correlation, file } = request;
    if (request.type === 'read-file') {
      const bytes = (this.files.get(file) ?? new Uint8Array(0)).slice(
        request.offset,
        request.offset + request.bytesMax,
      );
      return { type: 'file-read', correlation, bytes, start: 0, end: bytes.length };
    }
    if (this.failing !== undefined) {
      if (request.type === 'append-file') this.#append(file, request.bytes.subarray(0, this.leftBytes));
      return { type: 'disk-failed', correlation, code: this.failing, sentence: `${this.failing}: write ${file}` };
    }
    if (request.type === 'replace-file') this.files.set(file, request.bytes);
    else this.#append(file, request.bytes);
    return { type: 'disk-done', correlation };
  }

  #append(file: string, bytes: Uint8Array): void {
    const before = this.files.get(file) ?? new Uint8Array(0);
    const after = new Uint8Array(before.length + bytes.length);
    after.set(before);
    after.set(bytes, before.length);
    this.files.set(file, after);
  }

  readonly #out: Outbox = {
    send: (to, message) => {
      if ((to as number) === port) {
        const request = message as unknown as DiskRequest;
        const isRead = request.type === 'read-file';
        // Bytes are taken over within the turn.
        const taken = isRead
          ? request
          : {
              ...request,
              bytes: request.bytes.slice(request.start, request.end),
              start: 0,
              end: request.end - request.start,
            };
        this.pending.push(taken);
      } else if ((to as number) === self) {
        this.#own.push(message as unknown as StorageMessage);
      } else if ((to as number) === owner) {
        this.news.push((message as unknown as StorageNews).sentence);
      } else {
        const event = message as unknown as StorageEvent;
        if (this.answers.has(event.correlation)) throw new Error(`${event.correlation} is answered twice`);
        this.answers.set(event.correlation, event);
      }
    },
    setTimer: (delayMs) => {
      const id = this.#timerNext++;
      this.#timers.push({ id, at: this.now + delayMs });
      return id;
    },
    clearTimer: (id) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id);
    },
    spawn: () => {
      throw new Error('a store has no children');
    },
    stop: () => {
      throw new Error('a store does not stop');
    },
  };
}

export const keyOf = ringKeyFromText;

export function recordNamed(name: string, value = 'value', more: Partial<StoredRecord> = {}): StoredRecord {
  return { table: 1, key: keyOf(name), name, version: `v-${value}`, value, ttlMs: 0, ...more };
}
