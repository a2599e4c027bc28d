// The digest of a record and its bucket. The ring is cut into 65,536 equal buckets by the first 16 bits of the key; the digest of a bucket, or
// of any run of buckets, is the exclusive or of the digests of its records, so that it can be kept by adding and taking away. 64 bits, not
// cryptographic: it finds what differs by accident, not by design (voting signs its roots).
import type { RingKey } from '@chordial/ring-key';

export const bucketsCount = 65_536;

/** Two words of 32 bits, not negative. */
export type RecordDigest = readonly [high: number, low: number];

/** 0..65,535. */
export function bucketOf(key: RingKey): number {
  return Number.parseInt(key.slice(0, 4), 16);
}

/** Of what tells one version of a record from another: two runs of a multiply-and-rotate hash (Appleby, MurmurHash3) with two seeds. */
export function digestOf(table: number, key: RingKey, version: string): RecordDigest {
  let high = table ^ 0x9747b28c;
  let low = Math.imul(table, 0x85ebca6b) ^ 0x3c6ef372;
  for (const text of [key, version]) {
    for (let i = 0; i < text.length; i++) {
      const code = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
      high = Math.imul(rotated(high ^ code, 13), 5) + 0x6b64e654;
      low = Math.imul(rotated(low ^ rotated(code, 15), 17), 9) + 0x38495ab5;
    }
    high ^= text.length;
    low ^= Math.imul(text.length, 0x1b873593);
  }
  return [finished(high ^ rotated(low, 7)), finished(low)];
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
