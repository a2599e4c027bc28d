// The data that the program `parcels` sends and its test expects.

export const sampleData: readonly unknown[] = [
  0,
  -1,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  0.1,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  true,
  false,
  null,
  undefined,
  '',
  'plain',
  'a'.repeat(255),
  'b'.repeat(256),
  'sip:ünïcode@例え.jp 𝄞',
  'é'.repeat(300),
  [],
  [1, 'two', [3, [4]], null],
  {},
  { a: 1, b: { c: ['d', { e: false }] } },
  new Uint8Array([0, 1, 255]),
  2n ** 62n,
  -(2n ** 63n),
];

export const viewSizes: readonly number[] = [0, 1, 255, 256, 1_500, 65_536, 100_000];

export function sampleBytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) % 256);
}
