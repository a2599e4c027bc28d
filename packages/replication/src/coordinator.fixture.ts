// A coordinator by hand: host 1 of a ring in which each host has one or more peers; what it sends is kept until the test answers it as
// replicas would, and time passes when the test says so. Invariants are checked after every step.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import type { ChordMessage, Member, RangeReleased, WatchRing } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import { coordinator } from './behaviour.ts';
import { type CoordinatorConfig, type CoordinatorState, defaultCoordinatorLimits } from './coordinator-state.ts';
import type { CoordinatorMessage, FetchCopy, ReplicaMessage, ReplicationAnswer, StoreCopy } from './protocol.ts';

export const asker = makeAddress<ReplicationAnswer>(1, 0, 900);
export const chord = makeAddress<RangeReleased>(1, 0, 901);
export const membership = makeAddress<WatchRing>(1, 0, 17);
export const self = makeAddress<CoordinatorMessage>(1, 0, 21);
export const ownReplica = makeAddress<ReplicaMessage>(1, 4, 22);
export const doorOf = (host: number): Address<ReplicaMessage> => makeAddress(host, 0, 22);

/** A key by its first digits. */
export const at = (digits: string): RingKey => digits.padEnd(40, '0') as RingKey;

export function memberAt(digits: string, host: number): Member {
  const index = 1_000 + Number.parseInt(digits.padEnd(3, '0').slice(0, 3), 16);
  return { key: at(digits), host, lane: 0, chord: makeAddress<ChordMessage>(host, 0, index), life: 1 };
}

export interface Sent {
  readonly to: number;
  readonly message: Typed;
}

export class CoordinatorWorld {
  now = 1_000;
  readonly state: CoordinatorState;
  sent: Sent[] = [];
  readonly #timers = new Map<number, { readonly at: number; readonly message: Typed }>();
  #timerNext = 1;
  readonly #out: Outbox = {
    send: (to, message) => this.sent.push({ to, message: message as Typed }),
    setTimer: (delayMs, message) => {
      this.#timers.set(this.#timerNext, { at: this.now + delayMs, message });
      return this.#timerNext++;
    },
    clearTimer: (timer) => this.#timers.delete(timer),
    spawn: () => makeAddress(1, 0, 41),
    stop: () => undefined,
  };

  constructor(config: Partial<CoordinatorConfig> = {}) {
    const table = { n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: false } as const;
    const all: CoordinatorConfig = {
      ...defaultCoordinatorLimits,
      host: 1,
      lane: 0,
      startedAt: 1_700_000_000_000,
      replica: ownReplica,
      replicaOf: doorOf,
      membership,
      tables: [
        { table: 1, name: 'bindings', ...table },
        { table: 2, name: 'newest', ...table, merge: 'latest' },
        {
          table: 3,
          name: 'joined',
          ...table,
          merge: (siblings) => [
            siblings
              .map(({ value }) => value)
              .toSorted()
              .join('+'),
            5_000,
          ],
        },
      ],
      ...config,
    };
    this.state = coordinator.init(all, { self, now: this.now, seed: 7 }, this.#out);
  }

  get timersCount(): number {
    return this.#timers.size;
  }

  /** One step; returns what it sent. Comes from whoever may say it, where nobody is named. */
  tell(message: CoordinatorMessage, from: Address<never> = speakerOf(message)): Typed[] {
    const before = this.sent.length;
    coordinator.step(this.state, { now: this.now, from, message }, this.#out);
    const broken = coordinator.invariants?.(this.state);
    if (broken !== undefined) throw new Error(`broken invariant: ${broken}`);
    return this.sent.slice(before).map(({ message: one }) => one);
  }

  /** Lets time pass; returns what was sent on the way. */
  advance(ms: number): Typed[] {
    const before = this.sent.length;
    const until = this.now + ms;
    for (;;) {
      let due = 0;
      for (const [id, timer] of this.#timers) if (timer.at <= (this.#timers.get(due)?.at ?? until)) due = id;
      const timer = this.#timers.get(due);
      if (timer === undefined) break;
      this.#timers.delete(due);
      this.now = timer.at;
      this.tell(timer.message as CoordinatorMessage);
    }
    this.now = until;
    return this.sent.slice(before).map(({ message }) => message);
  }

  /** The ring has these members, as `digits:host`. */
  ring(...members: readonly string[]): Typed[] {
    const all = members.map((one) => memberAt(one.split(':')[0]!, Number(one.split(':')[1])));
    return this.tell({ type: 'ring-changed', epoch: 1, members: all });
  }

  /** The peer at `key` of this host owns (from, key]. */
  own(key: string, from: string, owns = true): Typed[] {
    return this.tell({ type: 'range-changed', self: memberAt(key, 1), owns, from: at(from), epoch: 1 });
  }

  /** Messages of a type sent since the last look, which is forgotten. */
  take<M extends Typed = Typed>(type: string): (Sent & { readonly message: M })[] {
    const taken = this.sent.filter(({ message }) => message.type === type);
    this.sent = this.sent.filter(({ message }) => message.type !== type);
    return taken as (Sent & { readonly message: M })[];
  }

  get(name: string, key: string, table = 1, correlation = 7): Typed[] {
    return this.tell({ type: 'get-record', table, key: at(key), name, replyTo: asker, correlation });
  }

  put(name: string, key: string, value: string, context = '', ttlMs = 0, table = 1): Typed[] {
    const asked = { table, key: at(key), name, context, value, ttlMs, replyTo: asker, correlation: 7 };
    return this.tell({ type: 'put-record', ...asked });
  }

  /** The host stored the copy that it was sent. */
  stored({ correlation, version }: StoreCopy, host: number, from?: Address<never>): Typed[] {
    return this.tell({ type: 'copy-stored', correlation, host, version }, from);
  }

  /** The host has this copy, none when it is undefined. */
  fetched(
    { correlation }: FetchCopy,
    host: number,
    copy?: Pick<StoreCopy, 'version' | 'value' | 'ttlMs'>,
    from?: Address<never>,
  ): Typed[] {
    const { version = '', value = '', ttlMs = 0 } = copy ?? {};
    return this.tell({ type: 'copy-fetched', correlation, host, name: 'alice', version, value, ttlMs }, from);
  }

  /** The replica of this host has made all of its repairs, but for hosts that are silent. */
  repair(...silent: readonly number[]): number {
    let count = 0;
    for (let asked = this.take('repair-range'); asked.length > 0; asked = this.take('repair-range')) {
      for (const { message } of asked) {
        const { correlation, hosts } = message as Typed & { correlation: number; hosts: readonly number[] };
        count++;
        this.tell({
          type: 'range-repaired',
          correlation,
          same: hosts.filter((host) => !silent.includes(host)),
          silent: hosts.filter((host) => silent.includes(host)),
          sentCount: 1,
          takenCount: 2,
        });
      }
      if (silent.length > 0) break;
    }
    return count;
  }
}

/** Copies come from their hosts, timers from nobody, all else from this host. */
function speakerOf(message: CoordinatorMessage): Address<never> {
  if (/-due$|^message-refused/.test(message.type)) return nobody;
  const { host } = message as { host?: number };
  return (host === undefined || host === 1 ? ownReplica : doorOf(host)) as Address<unknown> as Address<never>;
}

/** A settled range (4.., 8..] of host 1 in a ring of five hosts, with nothing left to be told. */
export function settledWorld(config: Partial<CoordinatorConfig> = {}): CoordinatorWorld {
  const world = new CoordinatorWorld(config);
  world.ring('2:5', '4:4', '8:1', 'a:2', 'c:3', 'e:4');
  world.own('8', '4');
  world.repair();
  world.advance(1_000);
  world.repair();
  world.sent = [];
  return world;
}
