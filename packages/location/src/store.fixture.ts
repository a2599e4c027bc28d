// Location services with a store of records between them that is plain and does what a test says: it answers after a while, refuses, or
// says nothing, with or without having done it. Time is one. The asker keeps every answer.
import { type Address, makeAddress, type Outbox, type Typed } from '@chordial/actor';
import type { ChordMessage, Member } from '@chordial/chord/protocol';
import type { CoordinatorMessage, DeleteRecord, GetRecord, PutRecord } from '@chordial/replication/protocol';
import type { RingKey } from '@chordial/ring-key';
import { location } from './behaviour.ts';
import type { ChangeBindings, LocationMessage, LocationReply } from './protocol.ts';
import { defaultLocationConfig, type LocationConfig, type LocationState } from './state.ts';

export type StoreRequest = GetRecord | PutRecord | DeleteRecord;
/** What becomes of a request: how long until it is done and answered; whether it is done; what is said. */
export interface Fate {
  readonly ms: number;
  readonly isDone: boolean;
  readonly says: 'yes' | 'nothing' | 'too-few-copies' | 'not-owner' | 'busy' | 'mailbox-full';
}
export const atOnce: Fate = { ms: 0, isDone: true, says: 'yes' };

interface Sibling {
  readonly dot: string;
  readonly value: string;
  readonly expiresAt: number;
}
interface Kept {
  siblings: Sibling[];
  seen: Set<string>;
}

interface Event {
  readonly at: number;
  readonly timer: number;
  readonly happen: () => void;
}

const asker = makeAddress<LocationReply>(0, 0, 99);
const store = makeAddress<CoordinatorMessage>(0, 0, 21);

export class StoredLocations {
  now = 1_000;
  readonly states: LocationState[] = [];
  readonly answers: LocationReply[] = [];
  /** Everything the store was asked, oldest first. */
  readonly asked: StoreRequest[] = [];
  readonly records = new Map<string, Kept>();
  fateOf: (request: StoreRequest) => Fate = () => atOnce;
  readonly #config: LocationConfig;
  #events: Event[] = [];
  #next = 1;

  constructor(config: Partial<LocationConfig> = {}, count = 1) {
    this.#config = { ...defaultLocationConfig, store, ...config };
    for (let i = 0; i < count; i++) this.restart(i);
  }

  /** A new life: nothing of the former one is left, answers on their way to it still come. */
  restart(i: number): void {
    this.#events = this.#events.filter(({ timer }) => timer === 0 || timer % 10 !== i);
    const birth = { self: this.#at(i), now: this.now, seed: 77_777 * this.#next++ };
    this.states[i] = location.init(this.#config, birth, this.#out(i));
  }

  tell(message: LocationMessage, i = 0): void {
    this.#step(message, i);
    this.#run(this.now);
  }

  /** Something that another host says. */
  tellFromElsewhere(message: unknown): void {
    this.#step(message as LocationMessage, 0, makeAddress(7, 0, 21));
    this.#run(this.now);
  }

  /** The answer to one request, when it comes within `ms`. */
  ask(message: LocationMessage, i = 0, ms = 0): LocationReply | undefined {
    const before = this.answers.length;
    this.tell(message, i);
    if (this.answers.length === before) this.advance(ms);
    return this.answers[before];
  }

  advance(ms: number): void {
    const until = this.now + ms;
    this.#run(until);
    this.now = until;
  }

  own(from: RingKey, key: RingKey, owns = true, epoch = 1, i = 0): void {
    const chord = makeAddress<ChordMessage>(0, 0, 900);
    const self: Member = { key, host: 0, lane: 0, chord, life: 1 };
    this.tell({ type: 'range-changed', self, owns, from, epoch }, i);
  }

  #at(i: number): Address<LocationMessage> {
    return makeAddress(0, 0, 40 + i);
  }

  #step(message: LocationMessage, i: number, from: Address<never> = store as Address<unknown> as Address<never>): void {
    location.step(this.states[i]!, { now: this.now, from, message }, this.#out(i));
    const broken = location.invariants?.(this.states[i]!);
    if (broken !== undefined) throw new Error(broken);
  }

  #run(until: number): void {
    for (;;) {
      let first: Event | undefined;
      for (const event of this.#events) if (event.at <= until && event.at < (first?.at ?? until + 1)) first = event;
      if (first === undefined) return;
      this.#events.splice(this.#events.indexOf(first), 1);
      this.now = Math.max(this.now, first.at);
      first.happen();
    }
  }

  #out(i: number): Outbox {
    return {
      send: (to, message) => {
        const sent = message as Typed;
        if ((to as number) === asker) this.answers.push(sent as LocationReply);
        else this.#onAsked(sent as StoreRequest, i);
      },
      setTimer: (delayMs, message) => {
        const timer = 10 * this.#next++ + i;
        this.#events.push({ at: this.now + delayMs, timer, happen: () => this.#step(message as LocationMessage, i) });
        return timer;
      },
      clearTimer: (timer) => {
        this.#events = this.#events.filter((event) => event.timer !== timer);
      },
      spawn: () => makeAddress(0, 0, 41),
      stop: () => undefined,
    };
  }

  #onAsked(request: StoreRequest, i: number): void {
    this.asked.push(request);
    const { ms, isDone, says } = this.fateOf(request);
    const happen = () => {
      const answer = isDone ? this.#answer(request) : undefined;
      const { correlation } = request;
      if (says === 'nothing') return;
      if (says === 'mailbox-full') this.#step({ type: 'message-refused', to: store, message: request }, i);
      else if (says === 'yes' && answer !== undefined) this.#step(answer, i);
      else if (says !== 'yes') this.#step({ type: 'record-refused', correlation, reason: says, sentence: says }, i);
    };
    this.#events.push({ at: this.now + ms, timer: 0, happen });
  }

  #answer(request: StoreRequest): LocationMessage {
    const { correlation, name } = request;
    const kept = this.records.get(name) ?? { siblings: [], seen: new Set<string>() };
    kept.siblings = kept.siblings.filter(({ expiresAt }) => expiresAt > this.now);
    this.records.set(name, kept);
    if (request.type === 'get-record') {
      const siblings = kept.siblings.map(({ value, expiresAt }) => [value, expiresAt - this.now] as const);
      return { type: 'record-got', correlation, siblings, context: [...kept.seen].join() };
    }
    const covered = new Set(request.context.split(',').filter((dot) => dot !== ''));
    kept.siblings = kept.siblings.filter(({ dot }) => !covered.has(dot));
    const dot = `d${this.#next++}`;
    if (request.type === 'put-record')
      kept.siblings.push({ dot, value: request.value, expiresAt: this.now + request.ttlMs });
    for (const one of [...covered, dot]) kept.seen.add(one);
    const context = [...covered.add(dot)].join();
    const hasOthers = kept.siblings.some((one) => !covered.has(one.dot));
    return { type: 'record-put', correlation, context, ...(hasOthers ? { hasOthers } : {}) };
  }
}

let correlationNext = 1;

/** A change by contacts: `-sip:a` removes, `sip:a/60` lives for a minute. */
export function changeOf(
  aor: string,
  cseq: number,
  contacts: readonly string[] | 'remove-all',
  callId = 'c',
): ChangeBindings {
  const changes =
    contacts === 'remove-all'
      ? contacts
      : contacts.map((text) => {
          const [contact = '', seconds = '3600'] = text.replace('-', '').split('/');
          const expiresMs = text.startsWith('-') ? 0 : Number(seconds) * 1_000;
          return { contact, contactKey: contact, instance: '', regId: 0, q: 1_000, expiresMs };
        });
  return {
    type: 'change-bindings',
    aor,
    callId,
    cseq,
    userAgent: '',
    changes,
    replyTo: asker,
    correlation: correlationNext++,
  };
}

export function listOf(aor: string): LocationMessage & { readonly correlation: number } {
  return { type: 'list-bindings', aor, replyTo: asker, correlation: correlationNext++ };
}

/** What was answered, in short. */
export function shortOf(answer: LocationReply | undefined): string {
  if (answer === undefined) return 'no answer';
  if (answer.type === 'change-refused') return answer.reason;
  return answer.bindings.map(({ contact, cseq }) => `${contact}#${cseq}`).join(' ') || 'none';
}
