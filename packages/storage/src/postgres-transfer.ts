// Export and import of the PostgreSQL engine, in slices. An export reads by a connection of its own, within one transaction that sees the store as it
// was when it began. An import first reads the whole file to know that it is whole.
import type pg from 'pg';
import { EngineFailure, type LongWork, type WorkDone } from './engine.ts';
import { ExportReader, ExportWriter } from './export-disk.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { type Row, recordIn, sql } from './postgres-rows.ts';
import type { StoredRecord } from './protocol.ts';
import { takenFailure } from './sqlite-failure.ts';

const rowsPerSlice = 500;

export async function beginPostgresExport(
  connection: PostgresConnection,
  host: number,
  file: string,
  now: number,
): Promise<EngineFailure | LongWork> {
  const client = await connection.openAnother();
  if (client instanceof EngineFailure) return client;
  let writer: ExportWriter | undefined;
  const end = (): void => void client.end().catch(() => {});
  try {
    // The transaction sees what there is at its first statement.
    await client.query('begin transaction isolation level repeatable read, read only');
    await client.query(sql.count, [host]);
    writer = new ExportWriter(file, now);
  } catch (error) {
    end();
    return failureOf(error, connection, file);
  }
  return exportWork(client, writer, host, (error) => failureOf(error, connection, file), end);
}

function exportWork(
  client: pg.Client,
  writer: ExportWriter,
  host: number,
  failed: (error: unknown) => EngineFailure,
  end: () => void,
): LongWork {
  let after: readonly [string, number] = ['', 0];
  const abandon = (): void => {
    writer.abandon();
    end();
  };
  async function step(): Promise<EngineFailure | WorkDone | undefined> {
    try {
      const { rows } = await client.query<Row>(sql.page, [host, ...after, rowsPerSlice]);
      for (const row of rows) {
        const found = recordIn(row);
        if (found !== undefined) writer.write({ ...found[0], expires: found[1] });
        after = [row.key, row.tab];
      }
      if (rows.length === rowsPerSlice) return undefined;
      writer.finish();
      end();
      return { recordsCount: writer.recordsCount, bytes: writer.bytes };
    } catch (error) {
      abandon();
      return failed(error);
    }
  }
  return { step, abandon };
}

/** `add` adds those that are not there, and says how many. */
export function beginPostgresImport(
  file: string,
  now: number,
  add: (records: readonly (readonly [StoredRecord, number])[]) => Promise<EngineFailure | number>,
): EngineFailure | LongWork {
  let reader: ExportReader;
  let isChecked = false;
  let recordsCount = 0;
  try {
    reader = new ExportReader(file);
  } catch (error) {
    return fileFailure(error, file);
  }
  /** The next records, or what is wrong; the second value is true at the end. */
  function slice(): EngineFailure | readonly [(readonly [StoredRecord, number])[], boolean] {
    const records: (readonly [StoredRecord, number])[] = [];
    for (let n = 0; n < rowsPerSlice; n++) {
      const next = reader.next();
      if (typeof next === 'string') return new EngineFailure('invalid', `${file}: ${next}`);
      if (next === undefined) return [records, true];
      if (next.expires === 0 || next.expires > now) records.push([{ ...next, ttlMs: 0 }, next.expires]);
    }
    return [records, false];
  }
  async function step(): Promise<EngineFailure | WorkDone | undefined> {
    try {
      const next = slice();
      if (next instanceof EngineFailure) {
        reader.close();
        return next;
      }
      const [records, isOver] = next;
      if (!isChecked) {
        if (!isOver) return undefined;
        reader.close();
        reader = new ExportReader(file);
        isChecked = true;
        return undefined;
      }
      const added = records.length === 0 ? 0 : await add(records);
      if (!(added instanceof EngineFailure)) recordsCount += added;
      if (isOver || added instanceof EngineFailure) reader.close();
      if (added instanceof EngineFailure) return added;
      return isOver ? { recordsCount, bytes: 0 } : undefined;
    } catch (error) {
      return fileFailure(error, file);
    }
  }
  return { step, abandon: () => reader.close() };
}

const failureOf = (error: unknown, connection: PostgresConnection, file: string): EngineFailure =>
  (error as NodeJS.ErrnoException).syscall !== undefined && (error as NodeJS.ErrnoException).path !== undefined
    ? fileFailure(error, file)
    : connection.failureOf(error);

function fileFailure(error: unknown, file: string): EngineFailure {
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return takenFailure(path ?? file);
  if (code === 'ENOENT') return new EngineFailure('invalid', `there is no file ${file}`);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new EngineFailure('full', `the disk under ${file} is full: make room`);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new EngineFailure('read-only', `${file} cannot be written: choose another place`);
  }
  return new EngineFailure('failed', `${file}: ${message}`);
}
