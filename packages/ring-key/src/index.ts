// The public face of ring keys: 160-bit positions on the ring, clockwise intervals, and the search for a key's owner.
export { addPowerOfTwo, between, betweenRightClosed, distance, midpoint } from './interval.ts';
export { KeyHasher } from './key-hasher.ts';
export { KeyTable, keyPrefix } from './key-table.ts';
export { lowerBound } from './lower-bound.ts';
export { keyBits, parseRingKey, type RingKey, ringKeyFromText } from './ring-key.ts';
