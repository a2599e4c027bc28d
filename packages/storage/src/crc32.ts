// CRC-32 (ISO 3309, as in zlib), in plain JavaScript for cores; databases use the same one from Node.

const table = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let word = n;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
  table[n] = word;
}

/** Of `bytes[start, end)`, not negative; `before` is the one of what came before. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number {
  let word = ~before;
  for (let i = start; i < end; i++) word = table[(word ^ bytes[i]!) & 255]! ^ (word >>> 8);
  return ~word >>> 0;
}
