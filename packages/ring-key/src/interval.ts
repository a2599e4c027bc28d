// Clockwise intervals and arithmetic modulo 2^160. Clockwise is upwards, and after the last position comes 0. What is
// asked per message (`between`) compares strings; what is asked when a ring is laid out may use BigInt.
import { keyBits, type RingKey } from './ring-key.ts';

const ringSize = 1n << BigInt(keyBits);
const lastPosition = ringSize - 1n;
const digits = '0123456789abcdef';

/** Whether `x` lies in the open interval (a, b) clockwise. When a == b that is the whole ring without a. */
export const between = (a: RingKey, x: RingKey, b: RingKey): boolean =>
  a < b ? a < x && x < b : a === b ? x !== a : a < x || x < b;

/** Whether `x` lies in (a, b] clockwise: whether b owns x when a is its predecessor. When a == b that is the whole ring. */
export const betweenRightClosed = (a: RingKey, x: RingKey, b: RingKey): boolean =>
  a < b ? a < x && x <= b : a === b || a < x || x <= b;

/** Steps clockwise from `a` to `b`: 0 when they are equal, else 1 to 2^160 - 1. */
export const distance = (a: RingKey, b: RingKey): bigint => (toBigInt(b) - toBigInt(a)) & lastPosition;

/** The middle of the arc clockwise from `a` to `b`, rounded towards `a`. When a == b the arc is the whole ring. */
export function midpoint(a: RingKey, b: RingKey): RingKey {
  const arc = a === b ? ringSize : distance(a, b);
  return fromBigInt((toBigInt(a) + arc / 2n) & lastPosition);
}

/** The position 2^exponent steps clockwise of `key`; exponent is an integer from 0 to 159. */
export function addPowerOfTwo(key: RingKey, exponent: number): RingKey {
  if (!(exponent >= 0 && exponent < keyBits)) throw new RangeError(`exponent ${exponent} is not within 0..159`);
  let at = 39 - (exponent >> 2);
  const sum = digitAt(key, at) + (1 << (exponent & 3));
  let replaced = digits[sum & 15]!;
  const end = at + 1;
  if (sum > 15) {
    while (--at >= 0 && digitAt(key, at) === 15) replaced = `0${replaced}`;
    if (at >= 0) replaced = digits[digitAt(key, at) + 1]! + replaced;
    else at = 0;
  }
  return (key.slice(0, at) + replaced + key.slice(end)) as RingKey;
}

/** Digits are '0'..'9' (0x30..) and 'a'..'f' (0x61..): bit 6 tells them apart. */
export function digitAt(key: RingKey, index: number): number {
  const code = key.charCodeAt(index);
  return (code & 15) + (code >> 6) * 9;
}

const toBigInt = (key: RingKey): bigint => BigInt(`0x${key}`);
const fromBigInt = (position: bigint): RingKey => position.toString(16).padStart(40, '0') as RingKey;
