// What clients saw of records, as a history of writes: which value each wrote, which writes it superseded, and what became of it. A record is
// judged by it: what was acknowledged and not superseded is there, and what an acknowledged write superseded is not. Whether a write
// superseded another is known by what its context had shown to the client, never by what a version says.
import type { RingKey } from '@chordial/ring-key';

export interface Write {
  /** Unique in the world; empty for a removal. */
  readonly value: string;
  /** All that its context covers, and what that covered. */
  readonly seen: ReadonlySet<Write>;
  readonly begunAt: number;
  readonly ttlMs: number;
  /** `open` for one that may have happened or not, and may yet. */
  fate: 'open' | 'acknowledged';
  endedAt: number;
}

/** What a context covers. */
export interface Context {
  readonly text: string;
  readonly seen: ReadonlySet<Write>;
}

/** How siblings are told to readers; `union` makes one value of them, with a plus between. */
export type Merge = 'siblings' | 'latest' | 'union';

export const nothingSeen: Context = { text: '', seen: new Set() };

/** Values are unique; these stand between those of a union. */
const unionMark = '+';

export class RecordHistory {
  readonly table: number;
  readonly merge: Merge;
  readonly key: RingKey;
  readonly name: string;
  /** All its values expire after a short time. */
  readonly isShort: boolean;
  readonly writes: Write[] = [];
  readonly #byValue = new Map<string, Write>();

  constructor(table: number, merge: Merge, key: RingKey, name: string, isShort: boolean) {
    this.table = table;
    this.merge = merge;
    this.key = key;
    this.name = name;
    this.isShort = isShort;
  }

  begin(value: string, seen: ReadonlySet<Write>, ttlMs: number, now: number): Write {
    const write: Write = { value, seen, ttlMs, begunAt: now, fate: 'open', endedAt: Number.POSITIVE_INFINITY };
    this.writes.push(write);
    if (value !== '') this.#byValue.set(value, write);
    return write;
  }

  /** The writes that an answer shows; a sentence about a value that nobody wrote. */
  read(siblings: readonly (readonly [value: string, ttlLeftMs: number])[]): Write[] | string {
    const values = siblings.flatMap(([value]) => (this.merge === 'union' ? value.split(unionMark) : [value]));
    const writes: Write[] = [];
    for (const value of values) {
      const write = this.#byValue.get(value);
      if (write === undefined) return `${this.name} has a value that nobody wrote: '${value.slice(0, 60)}'`;
      writes.push(write);
    }
    return writes;
  }

  /** Values that were acknowledged by then and that no write has seen since. */
  wanted(now: number): Write[] {
    const superseded = new Set(this.writes.flatMap(({ seen }) => [...seen]));
    return this.writes.filter(
      (write) => write.value !== '' && write.fate === 'acknowledged' && write.endedAt <= now && !superseded.has(write),
    );
  }

  /**
   * Rules for a reader who began at `begunAt`. What was acknowledged before is there, unless a write that had begun by `endedAt` has seen it; nothing
   * is there that an acknowledged write had removed before.
   */
  fault(shown: readonly Write[], begunAt: number, endedAt: number): string | undefined {
    const removed = new Set<Write>();
    const superseded = new Set<Write>();
    for (const { seen, fate, endedAt: doneAt, begunAt: since } of this.writes) {
      if (since < endedAt) for (const write of seen) superseded.add(write);
      if (fate === 'acknowledged' && doneAt <= begunAt) for (const write of seen) removed.add(write);
    }
    const back = shown.find((write) => removed.has(write));
    if (back !== undefined) return `${this.name} has ${back.value} again, which an acknowledged write had superseded`;
    if (this.isShort) return undefined;
    const wanted = this.writes.filter(
      (write) =>
        write.value !== '' && write.fate === 'acknowledged' && write.endedAt <= begunAt && !superseded.has(write),
    );
    if (this.merge === 'latest') {
      // Whoever reads the latest and removes it also removes what it hid.
      const isRemoved = this.writes.some(({ value }) => value === '');
      if (isRemoved || wanted.length === 0 || shown.length > 0) return undefined;
      return `${this.name} is lost: ${wanted[0]!.value} was acknowledged`;
    }
    const lost = wanted.find((write) => !shown.includes(write));
    return lost && `${this.name} has lost ${lost.value}, which was acknowledged at ${lost.endedAt.toFixed(0)} ms`;
  }
}

/** What a reader has seen who is shown these. */
export function seenBy(shown: readonly Write[]): Set<Write> {
  const seen = new Set(shown);
  for (const write of shown) for (const earlier of write.seen) seen.add(earlier);
  return seen;
}

export const unionOf = (values: readonly string[]): string => values.toSorted().join(unionMark);
