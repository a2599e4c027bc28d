// One monotonic clock for all lanes of a host: milliseconds since the host started. All threads of a process share the clock
// of `process.hrtime`; `performance.now` is the same clock counted from the start of its own thread and costs less to read, so
// the difference is taken once. (`performance.timeOrigin` would not do: it is wall time, which may be set back.)

/** The host's zero, in milliseconds of the monotonic clock that all threads of a process share. */
export type Epoch = number;

export const startEpoch = (): Epoch => Number(process.hrtime.bigint()) / 1e6;

export const clockSince = (epoch: Epoch): (() => number) => {
  const offset = startEpoch() - performance.now() - epoch;
  return () => performance.now() + offset;
};
