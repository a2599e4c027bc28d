// What went wrong in SQLite, in the words of the store. The codes are SQLite's result codes (sqlite.org/rescode.html).
import { EngineFailure } from './engine.ts';

interface SqliteError {
  readonly errcode?: number;
  readonly code?: string;
  readonly message: string;
}

const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

const primaryCode = (error: unknown): number => ((error as SqliteError).errcode ?? 0) & 255;

/** The file itself is damaged: what can be read of it is to be saved. */
export const isDamage = (error: unknown): boolean => {
  const code = primaryCode(error);
  return code === corrupt || code === notADatabase;
};

/** So it also says on a read-only disk, where the log's index cannot be made. */
export const cannotWrite = (error: unknown): boolean => {
  const code = primaryCode(error);
  return code === readOnly || code === cannotOpen;
};

export function failureOf(error: unknown, file: string): EngineFailure {
  const { code, message } = error as SqliteError;
  switch (primaryCode(error)) {
    case full:
      return fullFailure(file);
    case readOnly:
      return readOnlyFailure(file);
    case busy:
    case locked:
      return new EngineFailure('busy', `${file} is in use by another program: end it, or ask again`);
    case cannotOpen:
      return new EngineFailure(
        'unavailable',
        `${file} cannot be opened: see whether its folder is there and may be written`,
      );
    case corrupt:
    case notADatabase:
      return new EngineFailure('failed', `${file} is damaged: restore a backup, or start with an empty folder`);
    case ioError:
      return new EngineFailure('failed', `the disk under ${file} failed (${message}): see the system's log`);
    default:
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return fullFailure(file);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return readOnlyFailure(file);
  if (code === 'EEXIST') return takenFailure((error as NodeJS.ErrnoException).path ?? file);
  if (code === 'ENOENT') return new EngineFailure('invalid', `there is no file ${file}`);
  return new EngineFailure('failed', `${file}: ${message}`);
}

/** Also what an export that was cut short left behind. */
export const takenFailure = (file: string): EngineFailure =>
  new EngineFailure('invalid', `there is a file ${file} already and it is never replaced: remove it, or name another`);
const fullFailure = (file: string): EngineFailure =>
  new EngineFailure('full', `the disk under ${file} is full: make room; writing goes on by itself then`);
const readOnlyFailure = (file: string): EngineFailure =>
  new EngineFailure(
    'read-only',
    `${file} cannot be written: mount its disk read-write, or give the folder to this user`,
  );
