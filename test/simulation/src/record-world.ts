// The records of all clients as nobody in the ring can see them: what was written and answered, and on whose disks it lies at the moment of an
// answer. Stands beside the ring's own world.
import type { Address, Behaviour } from '@chordial/actor';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { Simulation } from '@chordial/simulator';
import type { OrderedOperation } from './ordered-client.ts';
import { type Merge, RecordHistory, type Write } from './record-history.ts';
import type { ReplicationShape } from './replication-shape.ts';
import type { RingWorld } from './ring-world.ts';
import { spyOn } from './spy.ts';

export interface TableSpec {
  readonly table: number;
  readonly merge: Merge;
}

export const tables: readonly TableSpec[] = [
  { table: 1, merge: 'siblings' },
  { table: 2, merge: 'latest' },
  { table: 3, merge: 'union' },
];
export const orderedTable = 4;
export const copiesNeeded = 2;
const orderedCount = 3;
const shortEvery = 5;

/** A register of the ordered table. */
export interface OrderedRecord {
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
}

interface Watched {
  readonly record: RecordHistory;
  readonly write: Write;
  readonly disksLost: number;
  /** Hosts that the coordinator knew when it was asked. */
  hostsCount: number;
}

export class RecordWorld {
  readonly simulation: Simulation;
  readonly ring: RingWorld;
  readonly records: readonly RecordHistory[];
  /** Each is put once, so that there is something to compare; `bulkNext` of them are. */
  readonly bulk: readonly RecordHistory[];
  bulkNext = 0;
  readonly ordered: readonly OrderedRecord[];
  readonly operations: OrderedOperation[] = [];
  readonly everyMs: number;
  /** Clients begin nothing any more. */
  isBusy = true;
  /** Each get is judged, as nobody fails. */
  areReadsJudged = false;
  broken: string | undefined;
  /** No disk was lost before ordered tables had three voters or more: a majority of them is always there in the end. */
  hasVoters = false;
  /** Some coordinator was told what it owns or has. */
  isOwningChanged = false;
  readonly counts: Record<string, number> = {};
  readonly #watched = new Map<string, Watched>();
  #valueNext = 1;

  constructor(ring: RingWorld, { namesCount, bulkCount, everyMs }: ReplicationShape) {
    this.ring = ring;
    this.simulation = ring.simulation;
    this.everyMs = everyMs;
    this.records = tables.flatMap(({ table, merge }) =>
      Array.from({ length: namesCount }, (_, i) => {
        const name = `name-${i}`;
        return new RecordHistory(
          table,
          merge,
          ringKeyFromText(name),
          `${merge}/${name}`,
          i % shortEvery === shortEvery - 1,
        );
      }),
    );
    this.ordered = Array.from({ length: orderedCount }, (_, i) => {
      const name = `ordered-${i}`;
      return { table: orderedTable, key: ringKeyFromText(name), name };
    });
    this.bulk = Array.from({ length: bulkCount }, (_, i) => {
      const name = `bulk-${i}`;
      return new RecordHistory(1, 'siblings', ringKeyFromText(name), name, false);
    });
  }

  /** Disks that were lost so far. */
  get disksLost(): number {
    return this.ring.hosts.reduce((sum, { disk }) => sum + disk.lossesCount, 0);
  }

  nextValue(): string {
    return `<v${this.#valueNext++}>`;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  watchWrite(client: Address<never>, correlation: number, record: RecordHistory, write: Write): void {
    this.#watched.set(`${client} ${correlation}`, {
      record,
      write,
      disksLost: this.disksLost,
      hostsCount: 1,
    });
  }

  /** A coordinator gets to a write: with fewer hosts in its ring fewer copies are enough. */
  noteAsked(client: Address<never>, correlation: number, hostsCount: number): void {
    const watched = this.#watched.get(`${client} ${correlation}`);
    if (watched !== undefined) watched.hostsCount = hostsCount;
  }

  /** The own store of a settled owner has every acknowledged write of its range. */
  settledFault(): string | undefined {
    const records = this.isOwningChanged ? [...this.records, ...this.bulk] : this.records;
    this.isOwningChanged = false;
    for (const record of records) {
      // What a reader of the latest is not shown, he supersedes unseen.
      const wanted = record.isShort || record.merge === 'latest' ? [] : record.wanted(this.simulation.now);
      if (wanted.length === 0) continue;
      const owner = this.ring.ownerOf(record.key);
      const host = owner && this.ring.hosts[owner.host - 1]!;
      const lane = host?.lanes[owner!.lane];
      if (lane?.phase !== 'up') continue;
      const cell = [...lane.kernel.cells()].find(({ behaviour }) => behaviour.name === 'coordinator');
      const range = (cell?.state as SettledView | undefined)?.ranges.find(record.key);
      if (range === undefined || range.unsettled !== undefined) continue;
      this.count('settledAsked');
      const lacked = wanted.find(({ value }) => !host!.disk.holds(bytesOf(value)));
      if (lacked === undefined) continue;
      return `${host!.name} owns ${record.name} and counts as settled, but has not ${lacked.value}, acknowledged at ${lacked.endedAt.toFixed(0)} ms`;
    }
    return undefined;
  }

  /** Before an acknowledgement of a put, the value lies on as many disks as the coordinator's ring allows. */
  judgeAcknowledgement(client: Address<never>, correlation: number, hostsCount: number): void {
    const watched = this.#watched.get(`${client} ${correlation}`);
    if (watched === undefined) return;
    this.#watched.delete(`${client} ${correlation}`);
    const { record, write, disksLost } = watched;
    // A disk that had it may be gone; a write that has seen it may have replaced it.
    if (disksLost !== this.disksLost || record.writes.some(({ seen }) => seen.has(write))) return;
    const needed = Math.min(copiesNeeded, hostsCount, watched.hostsCount);
    const holders = this.ring.hosts.filter(({ disk }) => disk.holds(bytesOf(write.value)));
    this.count('disksAsked');
    if (holders.length >= needed) return;
    const names = holders.map(({ name }) => name).join(', ') || 'nobody';
    this.broken ??= `${record.name} was acknowledged with ${write.value} on ${holders.length} disks (${names}), not ${needed}`;
  }
}

const owningMessages = new Set(['range-changed', 'range-given', 'range-repaired']);

interface SettledView {
  readonly ranges: { find(key: RecordHistory['key']): { readonly unsettled: unknown } | undefined };
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

type AnyCoordinator<State, Config> = Behaviour<State, CoordinatorMessage, Config>;

/** Has each acknowledgement judged at the moment in which it is sent. */
export function watchedCoordinator<State extends { readonly ring: { readonly hosts: readonly number[] } }, Config>(
  world: RecordWorld,
  behaviour: AnyCoordinator<State, Config>,
): AnyCoordinator<State, Config> {
  return {
    ...behaviour,
    step(state, received, out) {
      const { message: asked } = received;
      if (asked.type === 'put-record')
        world.noteAsked(asked.replyTo as Address<never>, asked.correlation, Math.max(1, state.ring.hosts.length));
      if (owningMessages.has(asked.type)) world.isOwningChanged = true;
      behaviour.step(
        state,
        received,
        spyOn(out, (to, { type, correlation }) => {
          if (type !== 'record-put') return;
          world.judgeAcknowledgement(to as Address<never>, correlation ?? 0, Math.max(1, state.ring.hosts.length));
        }),
      );
    },
  };
}
