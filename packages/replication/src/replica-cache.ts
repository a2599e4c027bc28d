// Records that were read or written lately, so that a write need not read first and a read need not ask the store. It has two generations: what is
// used moves to the young one, which becomes the old one when it is half of what may be kept, and what is old then goes. (One map in
// order of use would do, but to find its first entry costs more with each that was moved from there.)
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
  #young = emptyGeneration();
  #old = emptyGeneration();

  get count(): number {
    return this.#young.entries.size + this.#old.entries.size;
  }

  get characters(): number {
    return this.#young.characters + this.#old.characters;
  }

  get(name: string): CachedRecord | undefined {
    const entry = this.#young.entries.get(name);
    if (entry !== undefined) return entry;
    const old = this.#old.entries.get(name);
    if (old !== undefined) this.put(name, old.record, old.expiresAt);
    return old;
  }

  put(name: string, record: StoredRecord, expiresAt: number): void {
    this.delete(name);
    const young = this.#young;
    young.entries.set(name, { record, expiresAt });
    young.characters += charactersOf(record);
    if (young.entries.size * 2 < cachedRecordsMax && young.characters * 2 < cachedCharactersMax) return;
    this.#old = young;
    this.#young = emptyGeneration();
  }

  delete(name: string): void {
    for (const generation of [this.#young, this.#old]) {
      const entry = generation.entries.get(name);
      if (entry === undefined) continue;
      generation.entries.delete(name);
      generation.characters -= charactersOf(entry.record);
    }
  }
}

interface Generation {
  readonly entries: Map<string, CachedRecord>;
  characters: number;
}
const emptyGeneration = (): Generation => ({ entries: new Map(), characters: 0 });

const charactersOf = ({ name, value }: StoredRecord): number => charactersPerRecord + name.length + value.length;

/** A record as it is now; undefined when it has expired. */
export function aliveRecord({ record, expiresAt }: CachedRecord, now: number): StoredRecord | undefined {
  if (expiresAt === 0) return record;
  const ttlMs = expiresAt - now;
  return ttlMs <= 0 ? undefined : ttlMs === record.ttlMs ? record : { ...record, ttlMs };
}
