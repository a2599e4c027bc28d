// What was written lately and is not in the table yet, in memory: the log has it on the disk. It lies in 4,096 slots by the first 12 bits of the
// key, so that a slot can be moved to the table by itself, in the order of the table. The idea is that of a log-structured merge tree (O'Neil et
// al. 1996) of two levels: a page of the table is then written once for all that came for it, not once for each record.
import type { RingKey } from '@chordial/ring-key';
import { bucketOf } from './digest.ts';
import type { RecordName } from './protocol.ts';
import type { Row } from './sqlite-rows.ts';

export const slotsCount = 4_096;

/** The last that is known of a name. */
export interface Entry {
  readonly kind: 'record' | 'removed' | 'damaged';
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
  readonly version: string;
  readonly value: string;
  readonly expires: number;
  /** Whether the table has a row of this name; undefined where nobody looked. */
  inTable: boolean | undefined;
}

interface Slot {
  readonly entries: Map<string, Entry>;
  /** No entry expires before. */
  earliest: number;
}

const idOf = (table: number, key: RingKey): string => key + String.fromCharCode(table);
export const slotOf = (key: string): number => Number.parseInt(key.slice(0, 3), 16);

export class Recent {
  count = 0;
  readonly #slots: Slot[] = Array.from({ length: slotsCount }, () => ({ entries: new Map(), earliest: Infinity }));

  get(table: number, key: RingKey): Entry | undefined {
    return this.count === 0 ? undefined : this.#slots[slotOf(key)]!.entries.get(idOf(table, key));
  }

  put(entry: Entry): void {
    const slot = this.#slots[slotOf(entry.key)]!;
    const id = idOf(entry.table, entry.key);
    const before = slot.entries.get(id);
    if (before === undefined) this.count++;
    else entry.inTable ??= before.inTable;
    if (entry.kind === 'record' && entry.expires > 0 && entry.expires < slot.earliest) slot.earliest = entry.expires;
    slot.entries.set(id, entry);
  }

  remove({ table, key }: Entry): void {
    if (this.#slots[slotOf(key)]!.entries.delete(idOf(table, key))) this.count--;
  }

  clear(slot: number): void {
    const { entries } = this.#slots[slot]!;
    if (entries.size === 0) return;
    this.count -= entries.size;
    this.#slots[slot] = { entries: new Map(), earliest: Infinity };
  }

  isEmpty(slot: number): boolean {
    return this.#slots[slot]!.entries.size === 0;
  }

  /** In the order of the table. */
  sorted(slot: number): Entry[] {
    return [...this.#slots[slot]!.entries.values()].sort(inOrder);
  }

  /** At most so many that have expired. */
  expired(now: number, countMax: number): Entry[] {
    const found: Entry[] = [];
    for (const slot of this.#slots) {
      if (slot.earliest > now) continue;
      let earliest = Infinity;
      for (const entry of slot.entries.values()) {
        if (entry.kind !== 'record' || entry.expires === 0) continue;
        if (entry.expires > now) earliest = Math.min(earliest, entry.expires);
        else if (found.push(entry) === countMax) return found;
      }
      // Those that were found are about to be removed; where that fails they are found no more before the table has them.
      slot.earliest = earliest;
    }
    return found;
  }

  /** From behind a name to a key, in order. */
  *part([table, key]: RecordName, end: RingKey): Generator<Entry> {
    const last = slotOf(end);
    for (let slot = slotOf(key); slot <= last; slot++) {
      if (this.isEmpty(slot)) continue;
      for (const entry of this.sorted(slot)) {
        if (entry.key > end) return;
        if (entry.key > key || (entry.key === key && entry.table > table)) yield entry;
      }
    }
  }

  /** Of the buckets `first` to `end` of the ring, 16 of which are a slot; without `end` itself. */
  *buckets(first: number, end: number): Generator<Entry> {
    for (let slot = first >> 4; slot << 4 < end; slot++) {
      for (const entry of this.#slots[slot]!.entries.values()) {
        const bucket = bucketOf(entry.key);
        if (bucket >= first && bucket < end) yield entry;
      }
    }
  }

  *all(): Generator<Entry> {
    for (const { entries } of this.#slots) yield* entries.values();
  }

  /** A copy of what there is now, in order, that later changes leave alone. */
  copy(): Iterator<Entry> {
    const slots = this.#slots.map(({ entries }) => [...entries.values()]);
    return (function* () {
      for (const slot of slots) yield* slot.sort(inOrder);
    })();
  }
}

function inOrder(a: Entry, b: Entry): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.table - b.table;
}

/** Rows and entries in one order; of a name that both have, the entry. */
export function* merged(rows: Iterator<unknown>, entries: Iterator<Entry>): Generator<Row | Entry> {
  let row = rows.next();
  let entry = entries.next();
  try {
    while (entry.done !== true) {
      if (row.done === true) {
        yield entry.value;
        entry = entries.next();
        continue;
      }
      const [key, table] = row.value as Row;
      const order = key === entry.value.key ? table - entry.value.table : key < entry.value.key ? -1 : 1;
      if (order < 0) {
        yield row.value as Row;
        row = rows.next();
        continue;
      }
      yield entry.value;
      entry = entries.next();
      if (order === 0) row = rows.next();
    }
    for (; row.done !== true; row = rows.next()) yield row.value as Row;
  } finally {
    rows.return?.();
  }
}
