// Every number of lanes gets links, and no more memory than is said.
import { ringFault } from 'sharedarraybuffer-ringbuffer';
import { expect, test } from 'vitest';
import { createLinkMemory, linkBytes } from './link-memory.ts';

test.each([1, 2, 3, 4, 5, 8, 16])('%i lanes: a whole ring for each direction of each pair', (lanesCount) => {
  const { rings, doorbells } = createLinkMemory(lanesCount);
  expect(doorbells).toHaveLength(lanesCount);
  for (let from = 0; from < lanesCount; from++) {
    for (let to = 0; to < lanesCount; to++) {
      const ring = rings[from]?.[to];
      if (from === to) expect(ring).toBeUndefined();
      else expect(ring !== undefined && ringFault(ring) === undefined).toBe(true);
    }
  }
});

test('the rings of up to 16 lanes stay within 64 MiB, those of 64 lanes within 1 GiB', () => {
  for (let lanesCount = 1; lanesCount <= 64; lanesCount++) {
    const bytes = linkBytes(lanesCount);
    expect(Number.isInteger(Math.log2(bytes))).toBe(true);
    expect(bytes * lanesCount * (lanesCount - 1)).toBeLessThanOrEqual(lanesCount <= 16 ? 2 ** 26 : 2 ** 30);
  }
});
