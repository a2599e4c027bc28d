// Hosts with an acceptor, its store and a proposer each, and clients that read, compare and set, all in one virtual time from one seed. Messages are
// lost, doubled and reordered, hosts are cut off, crash and come back with their disk or, rarely, without; the ring is seen late. What the
// clients saw is written down. A sabotage breaks one rule of the protocol.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { createRandom, nextBelow, nextFloat, type Random } from '@chordial/actor/random';
import { hostOf, indexOf } from '@chordial/actor/shell';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { StorageMessage } from '@chordial/storage/protocol';
import { acceptorInvariants, initAcceptor, stepAcceptor } from './acceptor.ts';
import type { AcceptorState } from './acceptor-state.ts';
import { onBallotAnswer, onBallotDue, onOrderedRing, tickOrdered } from './ordered.ts';
import { startChange } from './ordered-change.ts';
import type { AcceptorMessage, BallotAnswer, BallotRequest } from './ordered-protocol.ts';
import { isHome, type Sabotage, sabotagedMessage, sabotageProposer } from './ordered-sabotage.fixture.ts';
import { createOrdered, type OrderedState } from './ordered-state.ts';
import type { ReplicationAnswer } from './protocol.ts';
import { type FixtureStore, fixtureStore, type Kept } from './store.fixture.ts';

export interface Asked {
  readonly client: string;
  readonly key: string;
  readonly input:
    | { readonly kind: 'read' }
    | { readonly kind: 'change'; readonly expected: string | null; readonly value: string | null };
  readonly invokedAt: number;
  completedAt?: number;
  output?: { readonly outcome: 'ok' | 'refused-mismatch'; readonly value?: string | null };
}

interface Host {
  readonly number: number;
  records: Map<string, Kept>;
  store: FixtureStore;
  /** Undefined while it is down. */
  acceptor: AcceptorState | undefined;
  proposer: OrderedState;
  /** What was sent to or set by an earlier life is dropped. */
  life: number;
  readonly timers: Map<number, number>;
  hasLostDisk: boolean;
}
interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}
interface Known {
  readonly context: string;
  readonly value: string | null;
}

const acceptorIndex = 22;
const proposerIndex = 21;
const storeIndex = 23;
const clientIndex = 900;
const changeMsMax = 2_000;
const votedTable = 7;

export interface OrderedWorldConfig {
  readonly seed: number;
  readonly hostsCount: number;
  readonly keysCount: number;
  readonly clientsCount: number;
  readonly sabotage: Sabotage;
  /** 0: a quiet network. */
  readonly lossRate: number;
}

export class OrderedWorld {
  now = 0;
  readonly history: Asked[] = [];
  readonly hosts: Host[] = [];
  readonly ring = new Set<number>();
  sentCount = 0;
  fault: string | undefined;
  readonly config: OrderedWorldConfig;
  readonly random: Random;
  readonly #events: Event[] = [];
  #order = 0;
  #timerNext = 1;
  #moment = 0;
  #valueNext = 1;
  #correlation = 1;
  lossRate: number;
  readonly cut = new Set<number>();
  /** Hosts whose proposers are told of no roster but by a refusal. */
  readonly deaf = new Set<number>();
  readonly #asked = new Map<number, (answer: ReplicationAnswer) => void>();

  constructor(config: OrderedWorldConfig) {
    this.config = config;
    this.lossRate = config.lossRate;
    this.random = createRandom(config.seed);
    for (let number = 1; number <= config.hostsCount; number++) {
      const records = new Map<string, Kept>();
      const host: Host = {
        number,
        records,
        store: this.#newStore(records),
        acceptor: undefined,
        proposer: undefined as unknown as OrderedState,
        life: 0,
        timers: new Map(),
        hasLostDisk: false,
      };
      this.hosts.push(host);
    }
  }

  #newStore(records: Map<string, Kept>): FixtureStore {
    return fixtureStore.init(
      records,
      { self: nobody as Address<StorageMessage>, now: 0, seed: 0 },
      this.#outbox(undefined),
    );
  }

  at(number: number): Host {
    return this.hosts[number - 1]!;
  }

  draw(bound: number): number {
    return nextBelow(this.random, bound);
  }

  isUp(number: number): boolean {
    return this.at(number).acceptor !== undefined;
  }

  start(number: number): void {
    const host = this.at(number);
    const { life } = host;
    const out = this.#outbox(host);
    const place = <M>(index: number): Address<M> => makeAddress<M>(number, 0, index);
    host.store = this.#newStore(host.records);
    host.proposer = createOrdered(
      {
        host: number,
        site: number * 256,
        lane: 0,
        // Clocks of hosts differ, by seconds.
        startedAt: 1_000_000 + number * 3_000 + this.now,
        changeMsMax,
        removalMs: 3_000,
        self: place<BallotAnswer>(proposerIndex),
        wayTo: (to) => makeAddress<BallotRequest>(to, 0, acceptorIndex),
      },
      this.draw(2 ** 30) + life,
    );
    this.#stepping = acceptorIndex;
    host.acceptor = initAcceptor(
      {
        host: number,
        store: place<StorageMessage>(storeIndex),
        startedAt: 1_000_000 + this.now,
        isFounder: number === 1 && !host.hasLostDisk,
        n: 3,
      },
      { self: place<AcceptorMessage>(acceptorIndex), now: 0, seed: this.draw(2 ** 30) },
      out,
    );
    this.#stepping = proposerIndex;
    tickOrdered(host.proposer, this.now, out);
    onOrderedRing(host.proposer, [...this.ring]);
  }

  stop(number: number): void {
    const host = this.at(number);
    host.acceptor = undefined;
    host.life++;
    if (this.config.sabotage === 'amnesia')
      for (const name of host.records.keys()) if (!isHome(name)) host.records.delete(name);
  }

  /** Its next store is another one. */
  loseDisk(number: number): void {
    const host = this.at(number);
    host.records = new Map();
    host.hasLostDisk = true;
  }

  /** Seen by each host at another time. */
  setRing(number: number, isIn: boolean): void {
    if (isIn) this.ring.add(number);
    else this.ring.delete(number);
    for (const { number: other } of this.hosts)
      this.after(this.draw(400), () => {
        if (this.isUp(other)) onOrderedRing(this.at(other).proposer, [...this.ring]);
      });
  }

  after(delayMs: number, run: () => void): void {
    const event = { at: this.now + delayMs, order: this.#order++, run };
    const events = this.#events;
    let low = 0;
    let high = events.length;
    // The next event is the last.
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = events[middle]!;
      if (other.at > event.at || (other.at === event.at && other.order > event.order)) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, event);
  }

  runUntil(time: number): void {
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.at > time) break;
      this.#events.pop();
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = time;
  }

  #outbox(host: Host | undefined): Outbox {
    return {
      send: (to, message) => {
        if (host !== undefined) this.#post(host.number, to as number, message as Typed);
      },
      setTimer: (delayMs, message) => {
        const timer = this.#timerNext++;
        if (host === undefined) return timer;
        const { life } = host;
        host.timers.set(timer, life);
        const isOfAcceptor = this.#stepping === acceptorIndex;
        this.after(delayMs, () => {
          if (!host.timers.delete(timer) || host.life !== life) return;
          this.#deliver(host, isOfAcceptor ? acceptorIndex : proposerIndex, host.number, message);
        });
        return timer;
      },
      clearTimer: (timer) => host?.timers.delete(timer),
      spawn: <M>() => nobody as unknown as Address<M>,
      stop: () => undefined,
    };
  }
  /** Whose timers are set: a host that starts begins with its proposer's. */
  #stepping = proposerIndex;

  #post(from: number, to: number, message: Typed): void {
    const target = hostOf(to);
    const isFar = target !== from;
    this.sentCount++;
    const host = this.hosts[target - 1];
    if (host === undefined) return;
    let copies = 1;
    if (isFar) {
      if (this.cut.has(from) !== this.cut.has(target)) return;
      if (nextFloat(this.random) < this.lossRate) return;
      if (nextFloat(this.random) < this.lossRate / 2) copies = 2;
    }
    for (let copy = 0; copy < copies; copy++) {
      // Now and then a message is very late.
      const isLate = isFar && nextFloat(this.random) < this.lossRate / 4;
      const delayMs = isFar ? 1 + nextFloat(this.random) * (isLate ? 1_500 : 12) : nextFloat(this.random) * 2;
      const { life } = host;
      this.after(delayMs, () => {
        if (isFar || host.life === life) this.#deliver(host, indexOf(to), from, message);
      });
    }
  }

  #deliver(host: Host, index: number, sender: number, message: Typed): void {
    if (index === clientIndex) return this.#answered(message as ReplicationAnswer);
    const { acceptor, proposer } = host;
    if (acceptor === undefined) return;
    const out = this.#outbox(host);
    const { now } = this;
    const from = makeAddress<never>(sender, 0, proposerIndex);
    if (index === storeIndex)
      return fixtureStore.step(host.store, { now, from, message: message as StorageMessage }, out);
    this.#stepping = index;
    if (index === acceptorIndex) {
      const altered = sabotagedMessage(this.config.sabotage, host.records, acceptor, message as AcceptorMessage);
      stepAcceptor(acceptor, { now, from, message: altered }, out);
      this.fault ??= acceptorInvariants(acceptor);
    } else if (message.type === 'ballot-due') onBallotDue(proposer, now, out);
    else if (message.type !== 'roster-learned' || !this.deaf.has(host.number))
      onBallotAnswer(proposer, message as BallotAnswer, now, out);
    this.#stepping = proposerIndex;
    sabotageProposer(this.config.sabotage, proposer);
  }

  #answered(answer: ReplicationAnswer): void {
    const take = this.#asked.get(answer.correlation);
    this.#asked.delete(answer.correlation);
    take?.(answer);
  }

  /** One operation by any host that is up; `done` when it is over for the client, who waits for it no longer than it can last. */
  ask(
    client: string,
    host: number,
    name: string,
    write: { readonly expected: Known; readonly value: string | undefined; readonly ttlMs: number } | undefined,
    done: (known: Known | undefined) => void,
  ): void {
    const key = ringKeyFromText(name);
    const { expected, value } = write ?? {};
    const asked: Asked = {
      client,
      key: name,
      input:
        write === undefined ? { kind: 'read' } : { kind: 'change', expected: expected!.value, value: value ?? null },
      invokedAt: this.#moment++,
    };
    this.history.push(asked);
    const correlation = this.#correlation++;
    let isOver = false;
    const finish = (known: Known | undefined): void => {
      if (isOver) return;
      isOver = true;
      this.#asked.delete(correlation);
      this.after(0, () => done(known));
    };
    this.#asked.set(correlation, (answer) => {
      if (isOver) return;
      const completedAt = this.#moment++;
      if (answer.type === 'record-got') {
        const read = answer.siblings[0]?.[0] ?? null;
        Object.assign(asked, { completedAt, output: { outcome: 'ok', value: read } });
        finish({ context: answer.context, value: read });
      } else if (answer.type === 'record-put') {
        Object.assign(asked, { completedAt, output: { outcome: 'ok' } });
        finish({ context: answer.context, value: value ?? null });
      } else {
        if (answer.reason === 'mismatch')
          Object.assign(asked, { completedAt, output: { outcome: 'refused-mismatch' } });
        finish(undefined);
      }
    });
    this.after(changeMsMax + 500, () => finish(undefined));
    // A removed record has many contexts but one value; it is expected by the empty one.
    const context = expected?.value === null ? '' : (expected?.context ?? '');
    startChange(
      this.at(host).proposer,
      {
        table: votedTable,
        key: key as RingKey,
        name,
        write: write === undefined ? undefined : { expected: context, value, ttlMs: write.ttlMs },
        for: { kind: 'client', replyTo: makeAddress<ReplicationAnswer>(host, 0, clientIndex), correlation },
      },
      this.now,
      this.#outbox(this.at(host)),
    );
    tickOrdered(this.at(host).proposer, this.now, this.#outbox(this.at(host)));
  }

  /** A client that reads and changes without end, each key from what it knows of it. */
  runClient(client: string, pauseMs: number, isOver: () => boolean): void {
    const known = new Map<string, Known>();
    const next = (): void => {
      if (isOver()) return;
      const living = this.hosts.filter(({ acceptor }) => acceptor !== undefined);
      const name = `key ${this.draw(this.config.keysCount)}`;
      const host = living[this.draw(living.length)];
      if (host === undefined) return this.after(100, next);
      const before = known.get(name);
      const die = this.draw(10);
      const done = (now: Known | undefined): void => {
        if (now === undefined) known.delete(name);
        else known.set(name, now);
        this.after(nextFloat(this.random) * pauseMs, next);
      };
      if (die < 3 || (before === undefined && die < 9)) return this.ask(client, host.number, name, undefined, done);
      const expected = before ?? { context: '', value: null };
      const value = die === 9 && before !== undefined ? undefined : `v${this.#valueNext++}`;
      this.ask(client, host.number, name, { expected, value, ttlMs: 0 }, done);
    };
    this.after(nextFloat(this.random) * pauseMs, next);
  }
}
