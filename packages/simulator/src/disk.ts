// The disk of a simulated host: whole files in memory, and the writes under way. A crash leaves of each write under way nothing,
// all, or (an append) a part, by the seed; a lost disk leaves nothing at all.
import { nextBelow } from '@chordial/actor/random';
import type { World } from './world.ts';

interface File {
  bytes: Uint8Array;
  length: number;
}

export interface Write {
  readonly kind: 'append' | 'replace';
  readonly file: string;
  readonly bytes: Uint8Array;
}

const damagedFrom = 64;
const damagedBytesMax = 16;

export class Disk {
  state: 'good' | 'full' | 'read-only' = 'good';
  /** Added to the time that each request takes. */
  delayMs = 0;
  /** Requests under way. */
  underWay = 0;
  /** Counts crashes: an operation of an earlier life is not carried out. */
  life = 0;
  /** How often it lost all, or was damaged. */
  lossesCount = 0;
  readonly #files = new Map<string, File>();
  readonly #writes = new Set<Write>();
  readonly #lastDone = new Map<string, number>();
  readonly #world: World;
  #bytes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The time at which the next request for `file` is done: after all earlier ones for it. */
  schedule(file: string): number {
    const { now, random } = this.#world;
    const takesMs = this.delayMs + (100 + nextBelow(random.disks, 2_900)) / 1_000;
    const at = Math.max(this.#lastDone.get(file) ?? 0, now) + takesMs;
    this.#lastDone.set(file, at);
    return at;
  }

  begin(write: Write): void {
    this.#writes.add(write);
  }

  /** Makes a write durable; the system's name of the error when it cannot be. */
  commit(write: Write): string | undefined {
    this.#writes.delete(write);
    if (this.state === 'read-only') return 'EROFS';
    const before = this.#files.get(write.file)?.length ?? 0;
    const grows = write.kind === 'append' ? write.bytes.length : write.bytes.length - before;
    const isFull = this.state === 'full' || this.#bytes + grows > this.#world.options.diskBytesMax;
    if (isFull && write.bytes.length > 0) return 'ENOSPC';
    this.#apply(write, write.bytes.length);
    return undefined;
  }

  read(file: string, offset: number, bytesMax: number): Uint8Array {
    const found = this.#files.get(file);
    if (found === undefined) return new Uint8Array(0);
    const start = Math.min(offset, found.length);
    return found.bytes.slice(start, Math.min(found.length, start + bytesMax));
  }

  /** Some bits of one file whose name holds `part` are turned over; a short file stays as it is. */
  damage(part: string): void {
    const { disks } = this.#world.random;
    const files = [...this.#files].filter(([name, { length }]) => name.includes(part) && length > damagedFrom);
    if (files.length === 0) return;
    const { bytes, length } = files[nextBelow(disks, files.length)]![1];
    this.lossesCount++;
    const at = damagedFrom + nextBelow(disks, length - damagedFrom);
    const end = Math.min(length, at + 1 + nextBelow(disks, damagedBytesMax));
    for (let i = at; i < end; i++) bytes[i] = bytes[i]! ^ (1 + nextBelow(disks, 255));
  }

  /** Whether some file has these bytes in it, for those who judge. */
  holds(bytes: Uint8Array): boolean {
    for (const { bytes: all, length } of this.#files.values()) if (standsIn(all, length, bytes)) return true;
    return false;
  }

  /** The host crashed: writes under way may have reached the disk or not. */
  crash(): void {
    this.life++;
    this.underWay = 0;
    this.#lastDone.clear();
    const torn = new Set<string>();
    for (const write of this.#writes) {
      if (torn.has(write.file) || this.state !== 'good') continue;
      const reached =
        write.kind === 'replace'
          ? nextBelow(this.#world.random.disks, 2) * write.bytes.length
          : nextBelow(this.#world.random.disks, write.bytes.length + 1);
      if (reached < write.bytes.length) torn.add(write.file);
      if (reached > 0) this.#apply(write, reached);
    }
    this.#writes.clear();
  }

  lose(): void {
    this.lossesCount++;
    this.crash();
    this.#files.clear();
    this.#bytes = 0;
  }

  #apply({ kind, file, bytes }: Write, length: number): void {
    const found = this.#files.get(file);
    if (kind === 'replace' || found === undefined) {
      this.#bytes += length - (found?.length ?? 0);
      this.#files.set(file, { bytes: bytes.slice(0, length), length });
      return;
    }
    const needed = found.length + length;
    if (needed > found.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, found.bytes.length * 2));
      larger.set(found.bytes.subarray(0, found.length));
      found.bytes = larger;
    }
    found.bytes.set(bytes.subarray(0, length), found.length);
    found.length = needed;
    this.#bytes += length;
  }
}

function standsIn(all: Uint8Array, length: number, part: Uint8Array): boolean {
  const last = length - part.length;
  for (let at = all.indexOf(part[0]!); at >= 0 && at <= last; at = all.indexOf(part[0]!, at + 1)) {
    let same = 1;
    while (same < part.length && all[at + same] === part[same]) same++;
    if (same === part.length) return true;
  }
  return false;
}
