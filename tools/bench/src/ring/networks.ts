// The simulated networks of figures 5 and 6: a LAN, and three areas as in the paper's test bed. Delays are one way, uniform.

export interface SimulatedNetwork {
  readonly name: string;
  readonly sentence: string;
  /** Least and most milliseconds between two hosts, by their index. */
  delayOf(from: number, to: number): readonly [msMin: number, msMax: number];
}

const areasCount = 3;
const lanDelay = [0.2, 0.4] as const;
const insideDelay = [0.3, 0.3] as const;
const betweenDelay = [1, 2] as const;

/** Neighbours on the ring live in different areas, hosts being dealt in turns. */
export const areaOf = (index: number): number => index % areasCount;

export const lan: SimulatedNetwork = {
  name: 'LAN',
  sentence: '0.2 to 0.4 ms between any two hosts',
  delayOf: () => lanDelay,
};

export const threeAreas: SimulatedNetwork = {
  name: 'three areas',
  sentence: '0.3 ms inside an area, 1 to 2 ms between areas',
  delayOf: (from, to) => (areaOf(from) === areaOf(to) ? insideDelay : betweenDelay),
};
