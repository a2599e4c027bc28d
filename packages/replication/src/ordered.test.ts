// Ordered tables through the real actors: a coordinator, a replica, an acceptor and a journal in memory on each of three hosts.
import { type Address, type Behaviour, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { ChordMessage, Member, WatchRing } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { journalStore } from '@chordial/storage/journal';
import type { StorageMessage, StorageNews } from '@chordial/storage/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { acceptor, coordinator, replica } from './behaviour.ts';
import { defaultCoordinatorLimits } from './coordinator-state.ts';
import type { BallotAnswer, BallotRequest, RosterLearned } from './ordered-protocol.ts';
import type { CoordinatorMessage, ReplicaMessage, ReplicationAnswer } from './protocol.ts';
import { defaultReplicaConfig } from './replica-state.ts';

const startedAt = 1_700_000_000_000;
const at = { coordinator: 21, replica: 22, acceptor: 23, store: 24, plainStore: 25, membership: 17, client: 900 };
const named = (name: string) => ({ table: 9, key: ringKeyFromText(name), name });

interface Actor {
  readonly behaviour: Behaviour<unknown, Typed, unknown>;
  readonly state: unknown;
}

class Hosts {
  now = 0;
  readonly down = new Set<number>();
  readonly answers: Typed[] = [];
  readonly #actors = new Map<number, Actor>();
  readonly #events: { readonly at: number; readonly to: number; readonly from: number; readonly message: Typed }[] = [];
  readonly #members: Member[] = [1, 2, 3].map((host) => ({
    key: ringKeyFromText(`peer ${host}`),
    host,
    lane: 0,
    chord: makeAddress<ChordMessage>(host, 0, 100),
    life: 1,
  }));
  #seed = 1;
  #timer = 0;
  readonly #cleared = new Set<number>();

  constructor() {
    this.#members.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const host of [1, 2, 3]) this.#start(host);
    this.run(10_000);
  }

  #start(host: number): void {
    const place = <M>(index: number): Address<M> => makeAddress<M>(host, 0, index);
    const owner = place<StorageNews>(1);
    this.#spawn(journalStore, { disk: undefined, owner, startedAt } as never, place(at.store));
    this.#spawn(journalStore, { disk: undefined, owner, startedAt } as never, place(at.plainStore));
    const store = place<StorageMessage>(at.store);
    this.#spawn(acceptor, { host, store, startedAt, isFounder: host === 1, n: 3 }, place(at.acceptor));
    const membership = place<WatchRing>(at.membership);
    const own = { host, at: at.replica, owner, acceptor: place<BallotRequest>(at.acceptor) };
    const plainStore = place<StorageMessage>(at.plainStore);
    this.#spawn(replica, { ...defaultReplicaConfig, ...own, membership, store: plainStore }, place(at.replica));
    const table = { table: 9, name: 'locks', n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: true } as const;
    const config = {
      ...defaultCoordinatorLimits,
      host,
      lane: 0,
      startedAt,
      replica: place<ReplicaMessage>(at.replica),
      replicaOf: (other: number) => makeAddress<ReplicaMessage>(other, 0, at.replica),
      membership,
      tables: [table],
    };
    this.#spawn(coordinator, config, place(at.coordinator));
  }

  #spawn<S, M extends Typed, C>(behaviour: Behaviour<S, M, C>, config: C, self: Address<M>): void {
    const state = behaviour.init(config, { self, now: this.now, seed: this.#seed++ }, this.#out(self));
    this.#actors.set(self, { behaviour: behaviour as unknown as Actor['behaviour'], state });
  }

  #out(self: number): Outbox {
    return {
      send: (to, message) => this.#post(self, to as number, message as Typed),
      setTimer: (delayMs, message) => {
        const timer = ++this.#timer;
        this.#add(this.now + delayMs, self, nobody, { ...message, timer } as Typed);
        return timer;
      },
      clearTimer: (timer) => this.#cleared.add(timer),
      spawn: <M>() => nobody as unknown as Address<M>,
      stop: () => undefined,
    };
  }

  #post(from: number, to: number, message: Typed): void {
    if (this.down.has(hostOf(from)) || this.down.has(hostOf(to))) return;
    this.#add(this.now + (hostOf(from) === hostOf(to) ? 0 : 1), to, from, message);
  }

  #add(time: number, to: number, from: number, message: Typed): void {
    const index = this.#events.findIndex((event) => event.at > time);
    this.#events.splice(index < 0 ? this.#events.length : index, 0, { at: time, to, from, message });
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#events.shift();
      this.now = next.at;
      this.#step(next.to, next.from, next.message);
    }
    this.now = until;
  }

  #step(to: number, from: number, message: Typed): void {
    if (this.#cleared.delete((message as { timer?: number }).timer ?? 0)) return;
    const index = to % 2 ** 20;
    if (index === at.client) this.answers.push(message);
    if (index === at.membership)
      this.#post(to, from, { type: 'ring-changed', epoch: 1, members: this.#members } as Typed);
    const actor = this.#actors.get(to);
    if (actor === undefined) return;
    actor.behaviour.step(actor.state, { now: this.now, from: from as Address<never>, message }, this.#out(to));
    expect(actor.behaviour.invariants?.(actor.state)).toBeUndefined();
  }

  ask(host: number, message: Typed, index = at.coordinator, ms = 2_500): Typed | undefined {
    this.#add(this.now, makeAddress<CoordinatorMessage>(host, 0, index), makeAddress(host, 0, at.client), {
      ...message,
      replyTo: makeAddress<ReplicationAnswer | BallotAnswer>(host, 0, at.client),
      correlation: 77,
    } as Typed);
    const until = this.now + ms;
    while (this.answers.length === 0 && this.now < until) this.run(1);
    return this.answers.shift();
  }
}

let hosts: Hosts;
const get = (host: number, name: string) => hosts.ask(host, { type: 'get-record', ...named(name) } as Typed);
const change = (host: number, name: string, expected: string, value: string | undefined, ttlMs = 0) =>
  hosts.ask(host, { type: 'change-ordered', ...named(name), expected, value, ttlMs } as Typed) as
    | { readonly type: string; readonly context: string; readonly reason?: string }
    | undefined;

beforeEach(() => {
  hosts = new Hosts();
});

describe('the roster', () => {
  it('begins with the founder, and takes in the other hosts of the ring', () => {
    for (const host of [1, 2, 3]) {
      const told = hosts.ask(
        host,
        { type: 'learn-roster', roster: undefined, mayFound: false } as Typed,
        at.acceptor,
      ) as RosterLearned;
      expect(told).toMatchObject({ type: 'roster-learned', host, roster: { epoch: 3, n: 3, next: [] } });
      expect(told.roster!.voters.map(([voter]) => voter)).toEqual([1, 2, 3]);
    }
  });
});

describe('change-ordered', () => {
  it('makes, changes and removes a record whose context is as expected, whoever proposes', () => {
    const made = change(1, 'door', '', 'open')!;
    expect(made.type).toBe('record-put');
    expect(get(2, 'door')).toMatchObject({ type: 'record-got', siblings: [['open', 0]], context: made.context });
    const changed = change(3, 'door', made.context, 'shut')!;
    expect(changed.type).toBe('record-put');
    const removed = change(2, 'door', changed.context, undefined)!;
    expect(get(1, 'door')).toMatchObject({ siblings: [], context: removed.context });
    expect(change(1, 'door', '', 'new')).toMatchObject({ type: 'record-put' });
  });

  it('is refused with mismatch when the record has another context, and changes nothing', () => {
    const made = change(1, 'door', '', 'open')!;
    expect(change(2, 'door', '', 'mine')).toMatchObject({ type: 'record-refused', reason: 'mismatch' });
    const changed = change(2, 'door', made.context, 'shut')!;
    expect(change(1, 'door', made.context, 'late')).toMatchObject({ reason: 'mismatch' });
    expect(get(3, 'door')).toMatchObject({ siblings: [['shut', 0]], context: changed.context });
  });

  it('goes on while a majority lives, and is refused with too-few-copies without one', () => {
    const made = change(1, 'door', '', 'open')!;
    hosts.down.add(3);
    expect(change(1, 'door', made.context, 'shut')).toMatchObject({ type: 'record-put' });
    hosts.down.add(2);
    expect(get(1, 'door')).toMatchObject({ type: 'record-refused', reason: 'too-few-copies' });
    expect(change(1, 'door', '', 'x')).toMatchObject({ reason: 'too-few-copies' });
    hosts.down.clear();
    expect(get(2, 'door')).toMatchObject({ siblings: [['shut', 0]] });
  });

  it('lets a record expire for all at once: its context changes', () => {
    const made = change(1, 'lease', '', 'mine', 1_000)!;
    expect(get(2, 'lease')).toMatchObject({ siblings: [['mine', expect.any(Number)]], context: made.context });
    hosts.run(1_500);
    const gone = get(3, 'lease') as Typed & { readonly siblings: unknown[]; readonly context: string };
    expect(gone.siblings).toEqual([]);
    expect(gone.context).not.toBe(made.context);
    expect(change(1, 'lease', made.context, 'still mine')).toMatchObject({ reason: 'mismatch' });
    expect(change(2, 'lease', '', 'yours', 1_000)).toMatchObject({ type: 'record-put' });
  });

  it('refuses what it cannot mean', () => {
    const plain = { type: 'change-ordered', ...named('door'), table: 8, expected: '', value: 'x', ttlMs: 0 } as Typed;
    expect(hosts.ask(1, plain)).toMatchObject({ reason: 'invalid' });
    expect(change(1, 'door', '', 'x'.repeat(40_000))).toMatchObject({ reason: 'invalid' });
    expect(change(1, 'door', '', 'x', -1)).toMatchObject({ reason: 'invalid' });
    expect(change(1, 'door', 'x'.repeat(100), 'x')).toMatchObject({ reason: 'invalid' });
    const put = { type: 'put-record', ...named('door'), context: '', value: 'x', ttlMs: 0 } as Typed;
    expect(hosts.ask(1, put)).toMatchObject({ reason: 'invalid' });
  });
});
