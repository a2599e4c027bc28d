// What a shell (runtime, simulator) needs beside the contract: the kernel and the parts of an address.
export { actorsPerLaneMax, generationOf, hostOf, indexOf, laneOf, lanesMax, placeOf, wellKnownMax } from './address.ts';
export type { Cell, DueTimer } from './cell.ts';
export { LaneKernel } from './kernel.ts';
export type { KernelCounts, Outside } from './outside.ts';
