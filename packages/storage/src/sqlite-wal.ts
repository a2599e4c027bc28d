// What SQLite does not tell: it reads its write-ahead log up to the first frame that is not whole and forgets the rest, as after a torn write,
// also where a bit flipped in the middle of it. Committed frames behind that place are the difference (sqlite.org/fileformat2.html 4).
//
//   32 bytes: u32 magic | u32 version | u32 page bytes | u32 sequence | u32, u32 salts | u32, u32 checksums
//   each frame: u32 page number | u32 pages of the database after a commit, else 0 | u32, u32 salts | u32, u32 checksums | page
import { readFileSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;
/** The last bit says whether checksums read words high byte first. */
const magic = 0x377f0682;

/**
 * Whether commits in the log `file` come to nothing, as something before them is damaged. The last one may have been torn while it was written,
 * before anybody was told of it; so of that alone nothing is said.
 */
export function losesCommits(file: string): boolean {
  const bytes = readFileSync(file);
  if (bytes.length < headerBytes + frameHeaderBytes) return false;
  const pageBytes = bytes.readUInt32BE(8) === 1 ? 65_536 : bytes.readUInt32BE(8);
  const frameBytes = frameHeaderBytes + pageBytes;
  const sums = new Sums((bytes.readUInt32BE(0) & 1) === 1);
  sums.add(bytes, 0, 24);
  // A log whose head is damaged is not read at all.
  if ((bytes.readUInt32BE(0) & ~1) >>> 0 !== magic || !sums.areAt(bytes, 24)) return true;
  const isOfThisLog = (at: number): boolean => bytes.compare(bytes, 16, 24, at + 8, at + 16) === 0;
  let at = headerBytes;
  for (; at + frameBytes <= bytes.length && isOfThisLog(at); at += frameBytes) {
    sums.add(bytes, at, at + 8);
    sums.add(bytes, at + frameHeaderBytes, at + frameBytes);
    if (!sums.areAt(bytes, at + 16)) break;
  }
  // Frames of an earlier use of the file have other salts.
  let commitsCount = 0;
  for (; at + frameHeaderBytes <= bytes.length; at += frameBytes) {
    if (isOfThisLog(at) && bytes.readUInt32BE(at + 4) !== 0) commitsCount++;
  }
  return commitsCount > 1;
}

class Sums {
  #first = 0;
  #second = 0;
  readonly #isHighFirst: boolean;

  constructor(isHighFirst: boolean) {
    this.#isHighFirst = isHighFirst;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const isLowFirst = !this.#isHighFirst;
    let first = this.#first;
    let second = this.#second;
    for (let at = start; at < end; at += 8) {
      first = (first + view.getUint32(at, isLowFirst) + second) | 0;
      second = (second + view.getUint32(at + 4, isLowFirst) + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  areAt(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first >>> 0 && bytes.readUInt32BE(at + 4) === this.#second >>> 0;
  }
}
