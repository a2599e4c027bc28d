// The real shell: hosts whose lanes are worker threads.

export type { LanePhase, LaneReport } from './control.ts';
export { Host, type HostEvent, type HostOptions, startHost } from './host.ts';
