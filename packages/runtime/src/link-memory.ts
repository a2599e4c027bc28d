// The shared memory of all links of a host, laid out once: a ring per direction and pair of lanes, and a doorbell per lane. It outlives
// the lanes that use it.
import { createDoorbell, createRing } from 'sharedarraybuffer-ringbuffer';
import type { LinkMemory } from './links.ts';

/** All rings of a host together take at most this much, unless that would leave a ring less than the least. */
const linkBytesTotal = 64 * 1_024 * 1_024;
const linkBytesMin = 256 * 1_024;
const linkBytesMax = 4 * 1_024 * 1_024;
const recordBytesMax = 128 * 1_024 - 64;

/** Bytes of one ring between `lanesCount` lanes, a power of two as rings are: 4 MiB for few lanes, 256 KiB from 17 on (1 GiB for 64). */
export function linkBytes(lanesCount: number): number {
  const share = linkBytesTotal / Math.max(1, lanesCount * (lanesCount - 1));
  return Math.min(linkBytesMax, Math.max(linkBytesMin, 2 ** Math.floor(Math.log2(share))));
}

export function createLinkMemory(lanesCount: number): LinkMemory {
  const capacityBytes = linkBytes(lanesCount);
  const lanes = Array.from({ length: lanesCount }, (_, lane) => lane);
  return {
    rings: lanes.map((from) =>
      lanes.map((to) => (to === from ? undefined : createRing({ capacityBytes, recordBytesMax }))),
    ),
    doorbells: lanes.map(() => createDoorbell()),
  };
}
