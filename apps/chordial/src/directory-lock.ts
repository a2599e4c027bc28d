// One process to a data directory: two would overwrite each other's records. The lock is one of the system, held by SQLite in a small file that
// stays open, so that it ends with the process however that ends, and is never left behind. A file beside it says who holds it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDirectory } from './data-directory.ts';
import { StartFault } from './start-fault.ts';

const lockFile = 'lock';
const holderFile = 'lock.pid';
const onlyOwner = 0o600;
/** SQLite's result codes: a lock of another, and a place that cannot be written, where nobody can do harm. */
const busy = 5;
const unwritable: readonly number[] = [8, 14];

/** Gives the lock back; the directory is there. Throws `StartFault` where another process has it. */
export function lockDirectory(directory: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(directory, lockFile), { timeout: 0 });
    database.exec('begin exclusive');
  } catch (error) {
    database?.close();
    const { errcode = 0, message } = error as Error & { errcode?: number };
    if (unwritable.includes(errcode & 255)) return () => {};
    if ((errcode & 255) !== busy) {
      throw new StartFault(
        `--data ${directory}: it cannot be locked (${message}); choose a directory on a local disk.`,
      );
    }
    throw new StartFault(
      `--data ${directory} is in use by process ${holderOf(directory)}: stop that one first, or choose another directory.`,
    );
  }
  const held = database;
  holding.add(held);
  try {
    writeFileSync(join(directory, holderFile), `${process.pid}\n`, { mode: onlyOwner });
  } catch {
    // A full disk: the lock holds without a name.
  }
  return () => {
    if (holding.delete(held)) held.close();
  };
}

/** Starts what uses a directory and is stopped at last; it has the directory for itself for as long. */
export async function startLocked<Started extends { stop(): Promise<void> }>(
  data: string | undefined,
  start: () => Promise<Started>,
): Promise<Started> {
  if (data === undefined) return start();
  const release = lockDirectory(openDirectory(data));
  try {
    const started = await start();
    return { ...started, stop: () => started.stop().finally(release) };
  } catch (failure) {
    release();
    throw failure;
  }
}

/** Kept from the garbage collector, which would close them. */
const holding = new Set<DatabaseSync>();

function holderOf(directory: string): string {
  try {
    const pid = Number(readFileSync(join(directory, holderFile), 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? `${pid}` : 'unknown';
  } catch {
    return 'unknown';
  }
}
