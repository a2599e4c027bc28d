// The manifest of a journal: which files hold its records, in the order in which they are read. It is replaced as a whole, in two copies one
// after the other; the newer one that is whole counts. JSON behind a checksum, so that an operator can read it.
//
//   CRC32 {"sequence":7,"files":[[slot,salt,bytes or -1 while it grows],...]}
import { crc32 } from './crc32.ts';

/** A file of the journal: `bytes` of it count, all that is there where it is -1. */
export interface JournalFile {
  readonly slot: number;
  /** Begins the checksums of its frames. */
  readonly salt: number;
  bytes: number;
  isOpen: boolean;
}
export interface Manifest {
  readonly sequence: number;
  readonly files: readonly JournalFile[];
}

/** Files that there can be; a slot is a part of a file's name. */
export const slotsMax = 64;
export const manifestBytesMax = 16_384;

export function manifestBytes({ sequence, files }: Manifest): Uint8Array {
  const rows = files.map(({ slot, salt, bytes, isOpen }) => [slot, salt, isOpen ? -1 : bytes]);
  const text = asciiBytes(JSON.stringify({ sequence, files: rows }));
  const sum = asciiBytes(`${crc32(text).toString(16).padStart(8, '0')} `);
  const all = new Uint8Array(sum.length + text.length);
  all.set(sum);
  all.set(text, sum.length);
  return all;
}

/** `none` where there is no manifest, `damaged` where it is not whole. */
export function manifestIn(bytes: Uint8Array): Manifest | 'none' | 'damaged' {
  if (bytes.length === 0) return 'none';
  const text = bytes.subarray(9);
  if (asciiText(bytes.subarray(0, 8)) !== crc32(text).toString(16).padStart(8, '0')) return 'damaged';
  try {
    const { sequence, files } = JSON.parse(asciiText(text)) as { sequence: number; files: [number, number, number][] };
    const rows = files.map(([slot, salt, length]) => ({
      slot,
      salt,
      bytes: Math.max(length, 0),
      isOpen: length < 0,
    }));
    return { sequence, files: rows };
  } catch {
    return 'damaged';
  }
}

const asciiBytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const asciiText = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
