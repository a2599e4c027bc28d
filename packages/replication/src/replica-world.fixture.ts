// Hosts with a store, a replica and a door each, in one virtual time. Messages between hosts may be lost, doubled and reordered; hosts stop and come
// back with their disk or without. What goes to somebody else is written down.
import { type Address, type Behaviour, makeAddress, type Outbox, type Typed } from '@chordial/actor';
import type { DiskRequest } from '@chordial/actor/protocol';
import { createRandom, nextFloat, type Random } from '@chordial/actor/random';
import { hostOf } from '@chordial/actor/shell';
import type { Member, WatchRing } from '@chordial/chord/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { type JournalState, journalStore } from '@chordial/storage/journal';
import type { StorageMessage, StorageNews, StoredRecord } from '@chordial/storage/protocol';
import { replica, replicaDoor } from './behaviour.ts';
import { insertByTime } from './event-queue.fixture.ts';
import type { CopyAnswer, RangeRepaired, RepairListed, ReplicaMessage } from './protocol.ts';
import { defaultReplicaConfig, type ReplicaConfig, type ReplicaState } from './replica-state.ts';
import { type FixtureStore, fixtureStore, type Kept } from './store.fixture.ts';

const storeIndex = 4;
const diskIndex = 5;
const membershipIndex = 17;
const at = 22;
/** The lane of the store and the replica, apart from lane 0. */
const storageLane = 1;

type Files = Map<string, Uint8Array>;

/** A disk that does at once what it is told. */
const fixtureDisk: Behaviour<Files, DiskRequest, Files> = {
  name: 'fixture-disk',
  init: (files) => files,
  step: (files, { message }, out) => {
    const { file, replyTo, correlation } = message;
    const before = files.get(file) ?? new Uint8Array();
    if (message.type === 'read-file') {
      const bytes = before.slice(message.offset, message.offset + message.bytesMax);
      out.send(replyTo, { type: 'file-read', correlation, bytes, start: 0, end: bytes.length });
      return;
    }
    const added = message.bytes.slice(message.start, message.end);
    const after = message.type === 'append-file' ? new Uint8Array(before.length + added.length) : added;
    if (message.type === 'append-file') {
      after.set(before);
      after.set(added, before.length);
    }
    files.set(file, after);
    out.send(replyTo, { type: 'disk-done', correlation });
  },
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
};

/** Bytes are taken over when they are sent. */
function owned(message: Typed): Typed {
  if (!('bytes' in message)) return message;
  const { bytes, start, end } = message as Typed & { bytes: Uint8Array; start: number; end: number };
  return { ...message, bytes: bytes.slice(start, end), start: 0, end: end - start } as Typed;
}

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

export class ReplicaWorld {
  now = 1_000;
  /** To clients and owners. */
  readonly told: { to: number; message: Typed }[] = [];
  /** Messages between hosts as they were sent, when a test wants them. */
  log: { from: number; to: number; message: Typed }[] | undefined;
  loss = 0;
  doubled = 0;
  latencyMs = 1;
  /** Added at random to the latency. */
  jitterMs = 0;
  characters = 0;
  largest = 0;
  largestBytes = 0;
  messages = 0;
  readonly cuts = new Set<string>();
  members: Member[] = [];
  readonly config: Partial<ReplicaConfig>;
  readonly disks = new Map<number, Map<string, Kept>>();
  readonly random: Random;
  readonly #actors = new Map<number, Actor>();
  readonly #lives = new Map<number, number>();
  #events: Event[] = [];
  #next = 1;

  /** With journals, hosts have the store of this house over a disk; without, one that can be made to fail in more ways. */
  readonly hasJournals: boolean;
  readonly files = new Map<number, Files>();

  constructor(hosts: number, seed = 1, config: Partial<ReplicaConfig> = {}, hasJournals = false) {
    this.random = createRandom(seed);
    this.config = config;
    this.hasJournals = hasJournals;
    for (let host = 1; host <= hosts; host++) this.start(host);
    this.setRing(Array.from({ length: hosts }, (_, i) => i + 1));
  }

  replicaAt = (host: number): Address<ReplicaMessage> => makeAddress(host, storageLane, at);
  doorAt = (host: number): Address<ReplicaMessage> => makeAddress(host, 0, at);
  client = makeAddress<CopyAnswer | RangeRepaired | RepairListed>(1, 0, 500);

  start(host: number): void {
    const disk = this.disks.get(host) ?? new Map<string, Kept>();
    this.disks.set(host, disk);
    const life = (this.#lives.get(host) ?? 0) + 1;
    this.#lives.set(host, life);
    const store = makeAddress<StorageMessage>(host, storageLane, storeIndex);
    const config: ReplicaConfig = {
      ...defaultReplicaConfig,
      host,
      store,
      membership: makeAddress<WatchRing>(host, 0, membershipIndex),
      at,
      owner: makeAddress<StorageNews>(host, storageLane, 1),
      ...this.config,
    };
    if (this.hasJournals) this.#startJournal(host, store);
    else this.#spawn(fixtureStore, disk, store);
    this.#spawn(replica, config, this.replicaAt(host));
    this.#spawn(replicaDoor, { replica: this.replicaAt(host) }, this.doorAt(host));
  }

  /** The host stops; without its disk it comes back empty. */
  stop(host: number, keepsDisk = true): void {
    this.#lives.set(host, this.#lives.get(host)! + 1);
    for (const address of [...this.#actors.keys()]) if (hostOf(address) === host) this.#actors.delete(address);
    this.#events = this.#events.filter((event) => hostOf(event.to) !== host);
    if (keepsDisk) return;
    this.disks.delete(host);
    this.files.delete(host);
  }

  #startJournal(host: number, store: Address<StorageMessage>): void {
    const files: Files = this.files.get(host) ?? new Map<string, Uint8Array>();
    this.files.set(host, files);
    const port = makeAddress<DiskRequest>(host, storageLane, diskIndex);
    this.#spawn(fixtureDisk, files, port);
    const owner = makeAddress<StorageNews>(host, storageLane, 1);
    this.#spawn(journalStore, { disk: { port, file: 'records' }, owner, startedAt: 1_700_000_000_000 }, store);
  }

  isUp(host: number): boolean {
    return this.#actors.has(this.replicaAt(host));
  }

  #spawn<S, M extends Typed, C>(behaviour: Behaviour<S, M, C>, config: C, self: Address<M>): void {
    const birth = { self, now: this.now, seed: Math.floor(nextFloat(this.random) * 2 ** 40) };
    const state = behaviour.init(config, birth, this.#out(self));
    this.#actors.set(self, { behaviour: behaviour as unknown as Actor['behaviour'], state });
  }

  state(host: number): ReplicaState {
    return this.#actors.get(this.replicaAt(host))!.state as ReplicaState;
  }

  store(host: number): FixtureStore {
    return this.#actors.get(makeAddress(host, storageLane, storeIndex))!.state as FixtureStore;
  }

  /** The members of the ring from now on: `peersPerHost` of each of these hosts. */
  setRing(hosts: readonly number[], peersPerHost = 4): void {
    const members: Member[] = [];
    for (const host of hosts)
      for (let peer = 0; peer < peersPerHost; peer++)
        members.push({
          key: ringKeyFromText(`host ${host} peer ${peer}`),
          host,
          lane: 0,
          chord: makeAddress(host, 0, 100 + peer),
          life: 1,
        });
    this.members = members.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const address of this.#actors.keys()) if (address === this.replicaAt(hostOf(address))) this.#tellRing(address);
  }

  #tellRing(to: number): void {
    const from = makeAddress<never>(hostOf(to), 0, membershipIndex);
    this.#add(to, from, 1, { type: 'ring-changed', epoch: 1, members: this.members } as Typed, 0);
  }

  tell(host: number, message: ReplicaMessage): void {
    this.#step(this.replicaAt(host), makeAddress(host, 0, 600), message);
  }

  /** From anybody, whatever it is. */
  tellAs(from: Address<never>, host: number, message: ReplicaMessage, isByDoor = false): void {
    this.#step(isByDoor ? this.doorAt(host) : this.replicaAt(host), from, message);
  }

  /** A message from one host to the door of another. */
  pass(from: number, to: number, message: ReplicaMessage): void {
    this.#post(makeAddress(from, 0, 600), this.doorAt(to), message);
  }

  /** Records of a host as its store has them. */
  records(host: number): StoredRecord[] {
    if (this.hasJournals) return this.#journalRecords(host);
    const kept = [...this.disks.get(host)!.values()].filter((one) => one.expiresAt === 0 || one.expiresAt > this.now);
    return kept
      .map(({ record }) => record)
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.table - b.table));
  }

  #journalRecords(host: number): StoredRecord[] {
    const state = this.#actors.get(makeAddress(host, storageLane, storeIndex))!.state as JournalState;
    const records: StoredRecord[] = [];
    state.records.visitAfter('', 0, ({ table, key, name, version, value, expiresAt }) => {
      const leftMs = expiresAt - this.now - 1_700_000_000_000;
      if (expiresAt === 0 || leftMs > 0)
        records.push({ table, key, name, version, value, ttlMs: expiresAt === 0 ? 0 : leftMs });
      return true;
    });
    return records;
  }

  /** Versions by name. */
  versions(host: number): Record<string, string> {
    return Object.fromEntries(this.records(host).map(({ table, name, version }) => [`${table}/${name}`, version]));
  }

  take<M extends Typed>(...types: string[]): M[] {
    const taken = this.told.filter(({ message }) => types.length === 0 || types.includes(message.type));
    for (const one of taken) this.told.splice(this.told.indexOf(one), 1);
    return taken.map(({ message }) => message as M);
  }

  repair(
    host: number,
    hosts: readonly number[],
    range: Partial<{ from: RingKey; to: RingKey; isUrgent: boolean }> = {},
    correlation = 7,
  ): void {
    const whole = 'f'.repeat(40) as RingKey;
    this.tell(host, {
      type: 'repair-range',
      from: whole,
      to: whole,
      isUrgent: true,
      ...range,
      hosts,
      replyTo: this.client,
      correlation,
    });
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#pop();
      this.now = next.at;
      if (next.life === (this.#lives.get(hostOf(next.to)) ?? 0)) this.#step(next.to, next.from, next.message);
    }
    this.now = until;
  }

  runUntil(holds: () => boolean, ms = 60_000): number {
    const started = this.now;
    while (!holds()) {
      if (this.now - started > ms) throw new Error(`not so after ${ms} ms`);
      this.run(5);
    }
    return this.now - started;
  }

  #step(to: number, from: number, message: Typed): void {
    const actor = this.#actors.get(to);
    if (actor === undefined) {
      if (message.type === 'watch-ring') this.#tellRing((message as WatchRing).replyTo);
      else if (hostOf(to) !== 0) this.told.push({ to, message });
      return;
    }
    const received = { now: this.now, from: from as Address<never>, message };
    actor.behaviour.step(actor.state, received, this.#out(to));
    const broken = actor.behaviour.invariants?.(actor.state);
    if (broken !== undefined) throw new Error(`host ${hostOf(to)} after ${message.type}: ${broken}`);
  }

  #out(self: number): Outbox {
    const host = hostOf(self);
    return {
      send: (to, message) => this.#post(self, to, owned(message as Typed)),
      setTimer: (delayMs, message) => this.#add(self, self, delayMs, message, this.#next),
      clearTimer: (timer) => {
        this.#events = this.#events.filter((event) => event.timer !== timer || hostOf(event.to) !== host);
      },
      spawn: () => makeAddress(0, 0, 41),
      stop: () => undefined,
    };
  }

  #post(from: number, to: number, message: Typed): void {
    if (hostOf(to) === hostOf(from)) {
      this.#add(to, from, 0.1, message, 0);
      return;
    }
    const text = JSON.stringify(message);
    this.messages++;
    this.characters += text.length;
    this.largest = Math.max(this.largest, text.length);
    if (text.length > 30_000) this.largestBytes = Math.max(this.largestBytes, new TextEncoder().encode(text).length);
    this.log?.push({ from: hostOf(from), to: hostOf(to), message });
    if (this.cuts.has(`${hostOf(from)}>${hostOf(to)}`) || nextFloat(this.random) < this.loss) return;
    const copies = nextFloat(this.random) < this.doubled ? 2 : 1;
    for (let i = 0; i < copies; i++)
      this.#add(to, from, this.latencyMs + nextFloat(this.random) * this.jitterMs, JSON.parse(text), 0);
  }

  #add(to: number, from: number, delayMs: number, message: Typed, timer: number): number {
    const order = this.#next++;
    const event = { at: this.now + delayMs, to, from, message, timer, life: this.#lives.get(hostOf(to)) ?? 0 };
    insertByTime(this.#events, event);
    return order;
  }

  #pop(): void {
    this.#events.shift();
  }
}
