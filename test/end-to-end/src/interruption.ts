// How long a service was interrupted, as a client saw it: the longest time in which every request would have had to be sent again. Single
// slow requests among others that are served (a range that is taken over asks around first) are counted, and are no interruption.

export interface Sent {
  /** Wall clock, ms. */
  readonly wallMs: number;
  /** 0 for none within 4 s. */
  readonly status: number;
  readonly latencyMs: number;
}

export interface Interruption {
  /** From the first of a run of requests that were not served to 50 ms after its last one, the longest run; 0 where all were. */
  readonly ms: number;
  readonly sentCount: number;
  readonly unservedCount: number;
  readonly statuses: readonly number[];
}

/** T1 of RFC 3261: a client sends again what has no answer by then. */
const t1Ms = 500;
const everyMs = 50;

export function readSent(output: string): Sent[] {
  const lines = output.split('\n').slice(0, -1);
  return lines.map((line) => {
    const [wallMs = 0, status = 0, latencyMs = 0] = line.split(' ').map(Number);
    return { wallMs, status, latencyMs };
  });
}

/** Of the requests sent within [fromMs, toMs) of the wall clock. */
export function interruptionOf(all: readonly Sent[], fromMs: number, toMs: number): Interruption {
  const sent = all.filter(({ wallMs }) => wallMs >= fromMs && wallMs < toMs).toSorted((a, b) => a.wallMs - b.wallMs);
  const unserved = sent.filter(({ status, latencyMs }) => status !== 200 || latencyMs > t1Ms);
  let longestMs = 0;
  let from: number | undefined;
  for (const { wallMs, status, latencyMs } of sent) {
    if (status === 200 && latencyMs <= t1Ms) from = undefined;
    else {
      from ??= wallMs;
      longestMs = Math.max(longestMs, wallMs - from + everyMs);
    }
  }
  return {
    ms: longestMs,
    sentCount: sent.length,
    unservedCount: unserved.length,
    statuses: [...new Set(unserved.map(({ status }) => status))].toSorted((a, b) => a - b),
  };
}
