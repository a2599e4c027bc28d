// Hosts with a store, a replica, its door and a coordinator each, on a ring whose ranges always have one owner: a host that is lost is taken over,
// one that comes (back) is handed its ranges by their owners, as chord does it. Messages between hosts take a moment and may be lost.
import { type Address, type Behaviour, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { createRandom, nextFloat, type Random } from '@chordial/actor/random';
import { hostOf } from '@chordial/actor/shell';
import type { ChordMessage, Member, RangeReleased, WatchRing } from '@chordial/chord/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { StorageMessage, StorageNews } from '@chordial/storage/protocol';
import { coordinator, replica, replicaDoor } from './behaviour.ts';
import { type CoordinatorConfig, type CoordinatorState, defaultCoordinatorLimits } from './coordinator-state.ts';
import { insertByTime } from './event-queue.fixture.ts';
import { ownerIndex } from './group.ts';
import type { CoordinatorMessage, ReplicaMessage, ReplicationAnswer } from './protocol.ts';
import { defaultReplicaConfig } from './replica-state.ts';
import { type FixtureStore, fixtureStore, type Kept } from './store.fixture.ts';

const at = { store: 4, membership: 17, coordinator: 21, replica: 22, chord: 100, client: 500 };
const storageLane = 1;

interface Actor {
  readonly behaviour: Behaviour<unknown, Typed, unknown>;
  readonly state: unknown;
}
interface Event {
  readonly at: number;
  readonly to: number;
  readonly from: number;
  readonly message: Typed;
  readonly timer: number;
  readonly life: number;
}
interface Handed {
  readonly to: Member;
  readonly from: RingKey;
}

export class RingWorld {
  now = 1_000;
  loss = 0;
  /** Answers to clients, by correlation. */
  readonly answers = new Map<number, ReplicationAnswer>();
  readonly random: Random;
  /** By place in the ring: who owns up to there, and from where. */
  owned: { readonly self: Member; from: RingKey }[] = [];
  #members: Member[] = [];
  readonly #r: number;
  readonly #peers: number;
  readonly #disks = new Map<number, Map<string, Kept>>();
  readonly #actors = new Map<number, Actor>();
  readonly #lives = new Map<number, number>();
  readonly #handed = new Map<number, Handed>();
  #events: Event[] = [];
  #next = 1;

  constructor(hosts: number, seed: number, r = 2, peers = 3) {
    this.#r = r;
    this.random = createRandom(seed);
    this.#peers = peers;
    for (let host = 1; host <= hosts; host++) {
      this.#start(host);
      this.#members.push(...this.#membersOf(host));
    }
    this.#members.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.owned = this.#members.map((self, i) => ({ self, from: this.#members.at(i - 1)!.key }));
    for (const { self } of this.owned) this.#tellRange(self);
  }

  coordinatorAt = (host: number): Address<CoordinatorMessage> => makeAddress(host, 0, at.coordinator);
  client = makeAddress<ReplicationAnswer>(999, 0, at.client);

  isUp(host: number): boolean {
    return this.#actors.has(this.coordinatorAt(host));
  }

  ownerOf(key: RingKey): number {
    const index = ownerIndex(
      this.owned.map(({ self }) => self),
      key,
    );
    return this.owned[index]!.self.host;
  }

  state(host: number): CoordinatorState {
    return this.#actors.get(this.coordinatorAt(host))!.state as CoordinatorState;
  }

  /** Versions that a host's store has of a key; empty for none. */
  versionAt(host: number, table: number, key: RingKey): string {
    const store = this.#actors.get(makeAddress(host, storageLane, at.store))!.state as FixtureStore;
    for (const { record, expiresAt } of store.records.values())
      if (record.key === key && record.table === table && (expiresAt === 0 || expiresAt > this.now))
        return record.version;
    return '';
  }

  groupOf(key: RingKey, count: number): number[] {
    const first = ownerIndex(this.#members, key);
    const hosts = this.#members.map((_, i) => this.#members[(first + i) % this.#members.length]!.host);
    return [...new Set(hosts)].slice(0, count);
  }

  /** The host stops; the others notice after `noticeMs`, and its successors take over. */
  stop(host: number, keepsDisk: boolean, noticeMs: number): void {
    this.#lives.set(host, this.#lives.get(host)! + 1);
    for (const address of [...this.#actors.keys()]) if (hostOf(address) === host) this.#actors.delete(address);
    if (!keepsDisk) this.#disks.delete(host);
    this.#add(nobody, nobody, noticeMs, { type: `lost-${host}` }, 0);
  }

  /** The host is back, with what its disk kept, and asks to be let in. */
  comeBack(host: number): void {
    this.#start(host);
    const members = this.#membersOf(host);
    this.#members = [...this.#members, ...members].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#tellMembers();
    for (const member of members) this.#hand(member);
  }

  /** Nobody waits to be handed a range. */
  get isCalm(): boolean {
    return this.owned.length === this.#members.length;
  }

  ask(message: Typed & { readonly key: RingKey; readonly correlation: number }): void {
    const host = this.ownerOf(message.key);
    this.#add(this.coordinatorAt(host), this.client, 1, { ...message, replyTo: this.client } as Typed, 0);
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#events.shift();
      this.now = Math.max(this.now, next.at);
      if (next.life === (this.#lives.get(hostOf(next.to)) ?? 0)) this.#step(next);
    }
    this.now = until;
  }

  #membersOf(host: number): Member[] {
    return Array.from({ length: this.#peers }, (_, peer) => ({
      key: ringKeyFromText(`host ${host} peer ${peer}`),
      host,
      lane: 0,
      chord: makeAddress<ChordMessage>(host, 0, at.chord + peer),
      life: this.#lives.get(host)!,
    }));
  }

  #start(host: number): void {
    const disk = this.#disks.get(host) ?? new Map<string, Kept>();
    this.#disks.set(host, disk);
    this.#lives.set(host, (this.#lives.get(host) ?? 0) + 1);
    const store = makeAddress<StorageMessage>(host, storageLane, at.store);
    const membership = makeAddress<WatchRing>(host, 0, at.membership);
    const replicaHere = makeAddress<ReplicaMessage>(host, storageLane, at.replica);
    const owner = makeAddress<StorageNews>(999, 0, 1);
    const config: CoordinatorConfig = {
      ...defaultCoordinatorLimits,
      host,
      lane: 0,
      startedAt: 1_700_000_000_000,
      replica: replicaHere,
      replicaOf: (other) => makeAddress(other, 0, at.replica),
      membership,
      tables: [{ table: 1, name: 'bindings', n: 3, r: this.#r, w: 2, merge: 'siblings', isOrdered: false }],
    };
    this.#spawn(fixtureStore, disk, store);
    const ofReplica = { ...defaultReplicaConfig, host, store, membership, at: at.replica, owner };
    this.#spawn(replica, ofReplica, replicaHere);
    this.#spawn(replicaDoor, { replica: replicaHere }, makeAddress(host, 0, at.replica));
    this.#spawn(coordinator, config, this.coordinatorAt(host));
  }

  #spawn<S, M extends Typed, C>(behaviour: Behaviour<S, M, C>, config: C, self: Address<M>): void {
    const birth = { self, now: this.now, seed: Math.floor(nextFloat(this.random) * 2 ** 40) };
    const state = behaviour.init(config, birth, this.#out(self));
    this.#actors.set(self, { behaviour: behaviour as unknown as Actor['behaviour'], state });
  }

  #tellMembers(): void {
    for (const address of this.#actors.keys()) {
      const index = address % 2 ** 20;
      const isReplica = index === at.replica && Math.floor(address / 2 ** 28) % 256 === storageLane;
      if (index === at.coordinator || isReplica) this.#tellRing(address);
    }
  }

  /** Members are shared: always the same array. */
  #tellRing(to: number): void {
    const message = { type: 'ring-changed', epoch: 1, members: this.#members };
    this.#add(to, makeAddress(hostOf(to as Address<never>), 0, at.membership), 0.2, message, 0);
  }

  #tellRange(self: Member): void {
    const range = this.owned.find((one) => one.self.chord === self.chord);
    const { from } = range ?? { from: self.key };
    const message = { type: 'range-changed', self, owns: range !== undefined, from, epoch: 1 };
    this.#add(this.coordinatorAt(self.host), self.chord, 0.3, message, 0);
  }

  /** The successor owns what the lost host owned; who was to be handed something by it owns it without. */
  #lost(host: number): void {
    this.#members = this.#members.filter((member) => member.host !== host);
    this.#tellMembers();
    for (const [correlation, handed] of this.#handed) if (handed.to.host === host) this.#handed.delete(correlation);
    this.owned = this.owned.filter(({ self }) => self.host !== host);
    this.owned.forEach((range, i) => {
      const from = this.owned.at(i - 1)!.self.key;
      if (from === range.from) return;
      range.from = from;
      this.#tellRange(range.self);
    });
    // Whoever was handing to somebody may be gone: ask the owner there is now.
    for (const [correlation, { to }] of [...this.#handed]) {
      this.#handed.delete(correlation);
      this.#hand(to);
    }
  }

  #hand(to: Member): void {
    const giver =
      this.owned[
        ownerIndex(
          this.owned.map(({ self }) => self),
          to.key,
        )
      ];
    if (giver === undefined) return;
    const correlation = this.#next++;
    const replyTo = makeAddress<RangeReleased>(999, 0, at.chord);
    const target = this.coordinatorAt(to.host) as Address<unknown> as Address<never>;
    this.#handed.set(correlation, { to, from: giver.from });
    const message = { type: 'hand-range', from: giver.from, to: to.key, target, replyTo, correlation };
    this.#add(this.coordinatorAt(giver.self.host), giver.self.chord, 0.3, message, 0);
  }

  #released(correlation: number): void {
    const handed = this.#handed.get(correlation);
    this.#handed.delete(correlation);
    if (handed === undefined || !this.#members.includes(handed.to)) return;
    const { to } = handed;
    const giver =
      this.owned[
        ownerIndex(
          this.owned.map(({ self }) => self),
          to.key,
        )
      ]!;
    this.owned.push({ self: to, from: giver.from });
    this.owned.sort((a, b) => (a.self.key < b.self.key ? -1 : 1));
    giver.from = to.key;
    this.#tellRange(giver.self);
    this.#tellRange(to);
    // Others that wait at the same giver are asked for anew, as their ranges are smaller now.
    for (const [other, waiting] of [...this.#handed]) {
      if (waiting.from === giver.from) continue;
      this.#handed.delete(other);
      this.#hand(waiting.to);
    }
  }

  #step({ to, from, message }: Event): void {
    if (to === nobody) return this.#lost(Number(message.type.slice(5)));
    const actor = this.#actors.get(to);
    if (actor === undefined) {
      if (message.type === 'watch-ring') this.#tellRing((message as WatchRing).replyTo);
      if (message.type === 'range-released') this.#released((message as RangeReleased).correlation);
      if (to === this.client)
        this.answers.set((message as ReplicationAnswer).correlation, message as ReplicationAnswer);
      return;
    }
    const received = { now: this.now, from: from as Address<never>, message };
    actor.behaviour.step(actor.state, received, this.#out(to));
    const broken = actor.behaviour.invariants?.(actor.state);
    if (broken !== undefined) throw new Error(`host ${hostOf(to)} after ${message.type}: ${broken}`);
  }

  #out(self: number): Outbox {
    return {
      send: (to, message) => this.#post(self, to, message as Typed),
      setTimer: (delayMs, message) => this.#add(self, self, delayMs, message, this.#next),
      clearTimer: (timer) => {
        this.#events = this.#events.filter((event) => event.timer !== timer);
      },
      spawn: () => makeAddress(0, 0, 41),
      stop: () => undefined,
    };
  }

  #post(from: number, to: number, message: Typed): void {
    const isNear = hostOf(to) === hostOf(from) || hostOf(to) === 999;
    if (isNear) this.#add(to, from, 0.1, message, 0);
    else if (nextFloat(this.random) >= this.loss)
      this.#add(to, from, 1 + nextFloat(this.random), JSON.parse(JSON.stringify(message)), 0);
  }

  #add(to: number, from: number, delayMs: number, message: Typed, timer: number): number {
    const id = this.#next++;
    const event = { at: this.now + delayMs, to, from, message, timer, life: this.#lives.get(hostOf(to)) ?? 0 };
    insertByTime(this.#events, event);
    return id;
  }
}
