// The real shell: hosts whose lanes are worker threads.

export type { LanePhase, LaneReport } from './control.ts';
export { Host, type HostEvent, type HostOptions, startHost } from './host.ts';
export { createIdentity, type HostIdentity } from './host-identity.ts';
export { type Introduction, introduce } from './introduction.ts';
export type { HostEndpoint, RingHost, RingLinkOptions } from './ring-options.ts';
