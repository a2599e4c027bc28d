// Export and import of the SQLite engine, in slices. An export reads by a connection of its own, within one read transaction, so it sees the
// store as it was when it began while writes go on. An import first reads the whole file to know that it is whole.
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { RingKey } from '@chordial/ring-key';
import { EngineFailure, type LongWork, type WorkDone } from './engine.ts';
import { ExportReader, ExportWriter } from './export-disk.ts';
import type { StoredRecord } from './protocol.ts';
import { failureOf } from './sqlite-failure.ts';
import { columns, isSound, type Row } from './sqlite-rows.ts';

const rowsPerSlice = 500;

/** Throws what the system throws. */
export function beginSqliteExport(database: string, isReadOnly: boolean, file: string): LongWork {
  const writer = new ExportWriter(file);
  const url = pathToFileURL(database);
  if (isReadOnly) url.search = '?mode=ro&immutable=1';
  const source = new DatabaseSync(url, { readOnly: true });
  source.exec('begin');
  const select = source.prepare(
    `select lower(hex(key)), tab, ${columns} from records where (key, tab) > (?, ?) order by key, tab limit ${rowsPerSlice}`,
  );
  select.setReturnArrays(true);
  let after: readonly [Uint8Array, number] = [new Uint8Array(0), 0];
  // The snapshot is that of the first read.
  let rows = select.all(...after) as unknown as Row[];

  const abandon = (): void => {
    source.close();
    writer.abandon();
  };
  function step(): WorkDone | undefined {
    for (const row of rows) {
      const [key, table, name, version, value, expires] = row;
      if (isSound(row)) writer.write({ table, key: key as RingKey, name, version, value, expires });
    }
    if (rows.length === rowsPerSlice) {
      const last = rows.at(-1)!;
      after = [Buffer.from(last[0], 'hex'), last[1]];
      rows = select.all(...after) as unknown as Row[];
      return undefined;
    }
    writer.finish();
    source.close();
    return { recordsCount: writer.recordsCount, bytes: writer.bytes };
  }
  return { step: guarded(step, abandon, file), abandon };
}

/** `add` adds those that are not there, and says how many. Throws what the system throws. */
export function beginSqliteImport(
  file: string,
  now: number,
  add: (records: readonly (readonly [StoredRecord, number])[]) => EngineFailure | number,
): LongWork {
  let reader = new ExportReader(file);
  let isChecked = false;
  let recordsCount = 0;

  const abandon = (): void => reader.close();
  function step(): EngineFailure | WorkDone | undefined {
    const slice: [StoredRecord, number][] = [];
    let isOver = false;
    for (let n = 0; n < rowsPerSlice && !isOver; n++) {
      const next = reader.next();
      if (typeof next === 'string') return new EngineFailure('invalid', `${file}: ${next}`);
      if (next === undefined) isOver = true;
      else if (isChecked && (next.expires === 0 || next.expires > now))
        slice.push([{ ...next, ttlMs: 0 }, next.expires]);
    }
    if (!isChecked) {
      if (isOver) {
        reader.close();
        reader = new ExportReader(file);
        isChecked = true;
      }
      return undefined;
    }
    const added = add(slice);
    if (added instanceof EngineFailure) return added;
    recordsCount += added;
    if (!isOver) return undefined;
    reader.close();
    return { recordsCount, bytes: 0 };
  }
  return { step: guarded(step, abandon, file), abandon };
}

function guarded<T>(step: () => T | EngineFailure, abandon: () => void, file: string): () => T | EngineFailure {
  return () => {
    try {
      const done = step();
      if (done instanceof EngineFailure) abandon();
      return done;
    } catch (error) {
      abandon();
      return failureOf(error, file);
    }
  };
}
