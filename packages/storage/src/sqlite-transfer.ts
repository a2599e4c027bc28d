// Export and import of the SQLite engine, in slices. An export reads by a connection of its own, within one read transaction, so it sees the
// store as it was when it began while writes go on. An import first reads the whole file to know that it is whole.
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { RingKey } from '@chordial/ring-key';
import { EngineFailure, type LongWork, type WorkDone } from './engine.ts';
import { ExportReader, ExportWriter } from './export-disk.ts';
import type { ExportedRecord } from './export-file.ts';
import { failureOf } from './sqlite-failure.ts';
import { type Entry, merged } from './sqlite-recent.ts';
import { columns, isSound, type Row } from './sqlite-rows.ts';

const rowsPerSlice = 500;

/** `waiting` is a copy of what is not in the table. Throws what the system throws. */
export function beginSqliteExport(
  database: string,
  isReadOnly: boolean,
  waiting: Iterator<Entry>,
  now: number,
  file: string,
): LongWork {
  const writer = new ExportWriter(file, now);
  let source: DatabaseSync | undefined;
  const abandon = (): void => {
    source?.close();
    writer.abandon();
  };
  try {
    const url = pathToFileURL(database);
    if (isReadOnly) url.search = '?mode=ro&immutable=1';
    source = new DatabaseSync(url, { readOnly: true });
    source.exec('begin');
    // The snapshot is that of the first read.
    source.prepare('select count from counts').get();
  } catch (error) {
    abandon();
    throw error;
  }
  const all = merged(rowsOf(source), waiting);

  function step(): WorkDone | undefined {
    for (let n = 0; n < rowsPerSlice; n++) {
      const next = all.next();
      if (next.done === true) {
        writer.finish();
        source?.close();
        return { recordsCount: writer.recordsCount, bytes: writer.bytes };
      }
      const found = entryOrRow(next.value);
      if (found !== undefined && (found.expires === 0 || found.expires > now)) writer.write(found);
    }
    return undefined;
  }
  return { step: guarded(step, abandon, file), abandon };
}

function* rowsOf(source: DatabaseSync): Generator<Row> {
  const select = source.prepare(
    `select lower(hex(key)), tab, ${columns} from records where (key, tab) > (?, ?) order by key, tab limit ${rowsPerSlice}`,
  );
  select.setReturnArrays(true);
  let after: readonly [Uint8Array, number] = [new Uint8Array(0), 0];
  for (;;) {
    const rows = select.all(...after) as unknown as Row[];
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerSlice) return;
    after = [Buffer.from(last[0], 'hex'), last[1]];
  }
}

/** Undefined for what is removed or damaged. */
function entryOrRow(found: Row | Entry): ExportedRecord | undefined {
  if ('kind' in found) return found.kind === 'record' ? found : undefined;
  const [key, table, name, version, value, expires] = found;
  return isSound(found) ? { table, key: key as RingKey, name, version, value, expires } : undefined;
}

/** `add` adds those that are not there, and says how many. Throws what the system throws. */
export function beginSqliteImport(
  file: string,
  now: number,
  add: (records: readonly ExportedRecord[]) => EngineFailure | number,
): LongWork {
  let reader = new ExportReader(file);
  let isChecked = false;
  let recordsCount = 0;

  const abandon = (): void => reader.close();
  function step(): EngineFailure | WorkDone | undefined {
    const slice: ExportedRecord[] = [];
    let isOver = false;
    for (let n = 0; n < rowsPerSlice && !isOver; n++) {
      const next = reader.next();
      if (typeof next === 'string') return new EngineFailure('invalid', `${file}: ${next}`);
      if (next === undefined) isOver = true;
      else if (isChecked && (next.expires === 0 || next.expires > now)) slice.push(next);
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
