// The modules of the suite's programs, named one by one so that tools can see who uses them.

export const programs = {
  disk: new URL('./programs/disk.ts', import.meta.url),
  family: new URL('./programs/family.ts', import.meta.url),
  'lane-death': new URL('./programs/lane-death.ts', import.meta.url),
  order: new URL('./programs/order.ts', import.meta.url),
  oversize: new URL('./programs/oversize.ts', import.meta.url),
  overflow: new URL('./programs/overflow.ts', import.meta.url),
  parcels: new URL('./programs/parcels.ts', import.meta.url),
  'ring-node': new URL('./programs/ring-node.ts', import.meta.url),
  supervision: new URL('./programs/supervision.ts', import.meta.url),
  tcp: new URL('./programs/tcp.ts', import.meta.url),
  timers: new URL('./programs/timers.ts', import.meta.url),
  udp: new URL('./programs/udp.ts', import.meta.url),
} as const;

export type ProgramName = keyof typeof programs;
