// Several location services and the ways between them, for hand-overs: time is one, messages take a moment, and may be lost, sent twice
// or held up when a test says so. What is for nobody here (chord, the registrar) is kept.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import type { ChordMessage, HandRange, Member, RangeChanged } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import { location } from './behaviour.ts';
import type { BindingsListed, ChangeBindings, LocationMessage, LocationReply } from './protocol.ts';
import { defaultLocationConfig, type LocationConfig, type LocationState } from './state.ts';

export const chord = makeAddress<ChordMessage>(1, 0, 900);
const asker = makeAddress<LocationReply>(1, 0, 901);

interface Event {
  readonly at: number;
  readonly order: number;
  readonly to: number;
  readonly message: Typed;
  readonly timer: number;
}

export class LocationPair {
  now = 1_000;
  readonly states: LocationState[] = [];
  /** What was sent to chord and the asker. */
  told: Typed[] = [];
  /** How often a message between services arrives, 1 when absent. */
  carry: (message: Typed, to: number) => number = () => 1;
  /** Octets of the largest message between services, as JSON. */
  octetsMax = 0;
  sentCount = 0;
  #events: Event[] = [];
  #next = 1;

  constructor(count = 2, config: Partial<LocationConfig> = {}) {
    for (let i = 0; i < count; i++) {
      const birth = { self: this.at(i), now: this.now, seed: 77 + i };
      this.states.push(location.init({ ...defaultLocationConfig, ...config }, birth, this.#out(i)));
    }
  }

  at(i: number): Address<LocationMessage> {
    return makeAddress(i + 1, 0, 50);
  }

  tell(i: number, message: LocationMessage): void {
    location.step(this.states[i]!, { now: this.now, from: nobody, message }, this.#out(i));
    const broken = location.invariants?.(this.states[i]!);
    if (broken !== undefined) throw new Error(broken);
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      let first: Event | undefined;
      for (const event of this.#events) {
        if (event.at > until) continue;
        if (first === undefined || event.at < first.at || (event.at === first.at && event.order < first.order))
          first = event;
      }
      if (first === undefined) break;
      this.#events.splice(this.#events.indexOf(first), 1);
      this.now = first.at;
      this.tell(first.to, first.message as LocationMessage);
    }
    this.now = until;
  }

  register(i: number, aor: string, cseq: number, contacts: readonly string[], expiresMs = 3_600_000): LocationReply {
    const changes = contacts.map((contact) => ({
      contact: contact.replace('-', ''),
      contactKey: contact.replace('-', ''),
      instance: '',
      regId: 0,
      q: 1_000,
      expiresMs: contact.startsWith('-') ? 0 : expiresMs,
    }));
    const message: ChangeBindings = {
      type: 'change-bindings',
      aor,
      callId: 'c',
      cseq,
      userAgent: '',
      changes,
      replyTo: asker,
      correlation: 1,
    };
    const before = this.told.length;
    this.tell(i, message);
    return this.told[before] as LocationReply;
  }

  contacts(i: number, aor: string): string[] {
    const before = this.told.length;
    this.tell(i, { type: 'list-bindings', aor, replyTo: asker, correlation: 1 });
    return (this.told[before] as BindingsListed).bindings.map(({ contact, cseq }) => `${contact}/${cseq}`);
  }

  hand(from: RingKey, to: RingKey, giver = 0, taker = 1, correlation = 5): void {
    const target = this.at(taker) as Address<never>;
    const request: HandRange = { type: 'hand-range', from, to, target, replyTo: chord, correlation };
    this.tell(giver, request);
  }

  own(i: number, owns: boolean, from: RingKey, key: RingKey): void {
    const self: Member = { key, host: i + 1, lane: 0, chord, life: 1 };
    const range: RangeChanged = { type: 'range-changed', self, owns, from, epoch: 1 };
    this.tell(i, range);
  }

  get released(): number {
    return this.told.filter(({ type }) => type === 'range-released').length;
  }

  #out(self: number): Outbox {
    const add = (to: number, delayMs: number, message: Typed, timer: number) =>
      this.#events.push({ at: this.now + delayMs, order: this.#next++, to, message, timer });
    return {
      send: (to, message) => {
        const other = this.states.findIndex((_, i) => (this.at(i) as number) === to);
        if (other < 0) {
          this.told.push(message as Typed);
          return;
        }
        this.sentCount++;
        this.octetsMax = Math.max(this.octetsMax, JSON.stringify(message).length);
        const copies = this.carry(message as Typed, other);
        for (let i = 0; i < copies; i++) add(other, 1 + i, JSON.parse(JSON.stringify(message)), 0);
      },
      setTimer: (delayMs, message) => {
        const timer = this.#next;
        add(self, delayMs, message, timer);
        return timer;
      },
      clearTimer: (timer) => {
        this.#events = this.#events.filter((event) => event.timer !== timer);
      },
      spawn: () => makeAddress(0, 0, 41),
      stop: () => undefined,
    };
  }
}
