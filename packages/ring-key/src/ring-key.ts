// A ring key is a position on a circle of 2^160 places, kept as 40 lower-case hexadecimal digits. All keys have the same
// length, so the order of the strings is the order of the numbers, and `===`, `<` and Map work on them as they are.
// Texts become keys by SHA-1 (FIPS 180-4), as in Stoica et al. 2001; it spreads, it does not protect.
import { hash } from 'node:crypto';

declare const position: unique symbol;

/** 40 lower-case hexadecimal digits. Only `ringKeyFromText`, `parseRingKey` and the arithmetic here make one. */
export type RingKey = string & { readonly [position]: true };

/** Bits of a key; exponents of `addPowerOfTwo` are below it. */
export const keyBits = 160;

/** The SHA-1 of the text's UTF-8. */
export const ringKeyFromText = (text: string): RingKey => hash('sha1', text, 'hex') as RingKey;

const shape = /^[0-9a-f]{40}$/;

/** The text itself when it is a key, otherwise undefined. Upper case is refused, because it would compare wrongly. */
export const parseRingKey = (text: string): RingKey | undefined =>
  text.length === 40 && shape.test(text) ? (text as RingKey) : undefined;
