// What the paper says of its own ring, beside which figures 5 and 6 are drawn.

/** Figure 5: hops at a size, and milliseconds of routing. */
export const paperHops: readonly (readonly [peers: number, hops: number])[] = [
  [128, 7],
  [1_024, 10],
];
export const paperRoutingMs: readonly (readonly [peers: number, ms: number])[] = [[128, 8]];
/** Figure 6: all know a change within this time, up to 128 peers. */
export const paperChangeMs = 2_000;
