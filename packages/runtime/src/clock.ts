// One monotonic clock for all lanes of a host: milliseconds since the host started. `performance.now` counts from the start of
// its own thread, so each lane adds the difference.

/** The host's zero, in milliseconds of the monotonic clock that all threads of a process share. */
export type Epoch = number;

export const startEpoch = (): Epoch => performance.timeOrigin + performance.now();

export const clockSince = (epoch: Epoch): (() => number) => {
  const offset = performance.timeOrigin - epoch;
  return () => performance.now() + offset;
};
