// Export files on a disk, for engines that may block: written under another name, synced and linked to the right one, so that a file with that
// name is whole, and no file that was there is ever replaced; read piece by piece.
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type ExportedRecord, endLine, headerLine, lineCharactersMax, parseLine, recordLine } from './export-file.ts';

const pieceBytes = 256 * 1_024;

export class ExportWriter {
  recordsCount = 0;
  bytes = 0;
  readonly #file: string;
  readonly #unfinished: string;
  #descriptor: number | undefined;
  #waiting: string[] = [];
  #waitingCharacters = 0;

  /** Throws what the system throws: EEXIST for a name that is taken. */
  constructor(file: string, now: number) {
    this.#file = file;
    this.#unfinished = `${file}.unfinished`;
    if (existsSync(file))
      throw Object.assign(new Error(`${file} is there`), { code: 'EEXIST', path: file, syscall: 'open' });
    this.#descriptor = openSync(this.#unfinished, 'wx', 0o600);
    this.#add(headerLine(now));
  }

  write(record: ExportedRecord): void {
    this.recordsCount++;
    this.#add(recordLine(record));
  }

  finish(): void {
    this.#add(endLine(this.recordsCount));
    this.#flush();
    fsyncSync(this.#descriptor!);
    this.#close();
    nameAnew(this.#unfinished, this.#file);
    syncFolder(dirname(this.#file));
  }

  abandon(): void {
    this.#close();
    rmSync(this.#unfinished, { force: true });
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #add(line: string): void {
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (this.#waitingCharacters > pieceBytes) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting.join(''));
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor!, bytes, at);
    this.bytes += bytes.length;
    this.#waiting = [];
    this.#waitingCharacters = 0;
  }
}

/** Gives a file a name that must be free. */
function nameAnew(from: string, to: string): void {
  try {
    linkSync(from, to);
    unlinkSync(from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // A file system without links: the name is taken by an empty file first.
    closeSync(openSync(to, 'wx', 0o600));
    renameSync(from, to);
  }
}

/** A renamed or new file is durable with its folder. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

export class ExportReader {
  /** How many records were read. */
  recordsCount = 0;
  /** When the file was begun, known with the first record; 0 where it does not say. */
  exportedAt = 0;
  readonly #descriptor: number;
  readonly #piece = Buffer.alloc(pieceBytes);
  readonly #decoder = new TextDecoder();
  #rest = '';
  #lines: string[] = [];
  #at = 0;
  #isFirst = true;
  #isEnded = false;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'r');
  }

  /** The next record, `undefined` after the last one of a whole file, or a sentence about what is wrong with it. */
  next(): ExportedRecord | string | undefined {
    for (;;) {
      const line = this.#nextLine();
      if (line === undefined) return this.#isEnded ? undefined : 'the file is cut short: take another copy';
      if (this.#isEnded) return 'the file goes on after its end: take another copy';
      const parsed = parseLine(line);
      if (parsed.kind === 'fault') return parsed.sentence;
      if (this.#isFirst !== (parsed.kind === 'header')) return 'this is not a file of exported records';
      this.#isFirst = false;
      if (parsed.kind === 'header') this.exportedAt = parsed.exportedAt;
      if (parsed.kind === 'record') {
        this.recordsCount++;
        return parsed.record;
      }
      if (parsed.kind === 'end') {
        if (parsed.recordsCount !== this.recordsCount) return 'records are missing in the file: take another copy';
        this.#isEnded = true;
      }
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #nextLine(): string | undefined {
    while (this.#at === this.#lines.length) {
      const count = readSync(this.#descriptor, this.#piece);
      if (count === 0) {
        if (this.#rest === '') return undefined;
        // Without its newline the last line is not whole; its checksum will say so.
        this.#lines = [`~${this.#rest}`];
        this.#rest = '';
      } else {
        const parts = (this.#rest + this.#decoder.decode(this.#piece.subarray(0, count), { stream: true })).split('\n');
        this.#rest = parts.pop()!;
        if (this.#rest.length > lineCharactersMax) return '';
        this.#lines = parts;
      }
      this.#at = 0;
    }
    return this.#lines[this.#at++];
  }
}
