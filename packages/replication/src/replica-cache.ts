// Records that were read or written lately, so that a write need not read first and a read need not ask the store. Least recently used go first.
// It is bounded in characters, since records are of any size, and in entries.
import type { StoredRecord } from '@chordial/storage/protocol';

export const cachedRecordsMax = 50_000;
export const cachedCharactersMax = 16_000_000;
/** Key, version and what surrounds them. */
const charactersPerRecord = 200;

export interface CachedRecord {
  /** With the time that it had left when it was put here. */
  readonly record: StoredRecord;
  /** 0: never. */
  readonly expiresAt: number;
}

export class RecordCache {
  readonly #entries = new Map<string, CachedRecord>();
  #characters = 0;

  get count(): number {
    return this.#entries.size;
  }

  get characters(): number {
    return this.#characters;
  }

  get(name: string): CachedRecord | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  put(name: string, record: StoredRecord, expiresAt: number): void {
    this.delete(name);
    this.#entries.set(name, { record, expiresAt });
    this.#characters += charactersOf(record);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= cachedRecordsMax && this.#characters <= cachedCharactersMax) break;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#characters -= charactersOf(entry.record);
  }

  clear(): void {
    this.#entries.clear();
    this.#characters = 0;
  }
}

const charactersOf = ({ name, value }: StoredRecord): number => charactersPerRecord + name.length + value.length;

/** A record as it is now; undefined when it has expired. */
export function aliveRecord({ record, expiresAt }: CachedRecord, now: number): StoredRecord | undefined {
  if (expiresAt === 0) return record;
  const ttlMs = expiresAt - now;
  return ttlMs <= 0 ? undefined : ttlMs === record.ttlMs ? record : { ...record, ttlMs };
}
