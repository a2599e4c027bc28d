// What a seed stands for in the scenarios of the ring: how many peers on how many hosts and lanes, what goes wrong, and how it is judged.
import { createRandom, nextBelow, nextFloat, type Random } from '@chordial/actor/random';

/** `calm`: peers join and leave. `crash`: hosts and lanes die too. `storm`: they also pause, and the network is bad. */
export type Weather = 'calm' | 'crash' | 'storm' | 'partition';

export interface RingShape {
  readonly weather: Weather;
  /** Hosts that found the ring, by index 0.. and number 1... */
  readonly hostsCount: number;
  /** Hosts that start later and join. */
  readonly hostsLater: number;
  readonly lanesCount: number;
  readonly peersCount: number;
  /** r */
  readonly successorsCount: number;
}

const shapeConcern = 9;
const hostsMin = 4;
const hostsMax = 32;
const peersMin = 8;
const peersMax = 128;

const between = (random: Random, low: number, high: number): number =>
  Math.round(low * (high / low) ** nextFloat(random));

/** Sizes are drawn on a logarithmic scale: small rings break in other ways than large ones, and cost less. */
export function shapeOf(seed: number): RingShape {
  const random = createRandom(seed * 16 + shapeConcern);
  const die = nextBelow(random, 20);
  const weather = die < 3 ? 'calm' : die < 10 ? 'crash' : die < 16 ? 'storm' : 'partition';
  const hostsCount = between(random, hostsMin, hostsMax);
  const peersCount = Math.max(hostsCount, between(random, Math.max(peersMin, hostsCount), peersMax));
  const lanesCount = peersCount >= 2 * hostsCount ? 1 + nextBelow(random, 2) : 1;
  return {
    weather,
    hostsCount,
    hostsLater: nextBelow(random, 3),
    lanesCount,
    peersCount,
    successorsCount: Math.max(2, Math.min(16, Math.floor(peersCount / 3))),
  };
}

/** So many hosts may be down at once: fewer than half. */
export const minorityOf = ({ hostsCount }: RingShape): number => Math.floor((hostsCount - 1) / 2);
