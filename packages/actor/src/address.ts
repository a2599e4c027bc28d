// Addresses: one safe integer that names an actor anywhere in the ring's hosts, so it costs nothing to copy,
// compare or put on a wire. Layout, high to low:
//
//   | host 16 bits | lane 8 bits | generation 8 bits | index 20 bits |
//
// A host that is alone is number 0. The generation tells a reused index from the actor that had it before. Index 0 is nobody.
import { assert } from './assert.ts';

declare const accepts: unique symbol;

/** Where messages of type `M` can be sent. Contravariant: an address that accepts more stands in for one that accepts less. */
export type Address<M> = number & { readonly [accepts]: (message: M) => void };

export const lanesMax = 256;
export const hostsMax = 65_536;
export const actorsPerLaneMax = 1 << 20;
export const generationsMax = 256;
/** Indices below this one belong to the shell's ports and to the roots a lane program places by hand. */
export const wellKnownMax = 32;

/** Addresses of one lane, living or not. */
export const lanePlaces = 2 ** 28;
const hostShift = 2 ** 36;

/** The address that nobody has. A message sent to it is counted as a dead letter. */
export const nobody = 0 as Address<never>;

export function makeAddress<M>(host: number, lane: number, index: number, generation = 0): Address<M> {
  assert(host >= 0 && host < hostsMax, 'host is within 0..65535');
  assert(lane >= 0 && lane < lanesMax, 'lane is within 0..255');
  assert(index >= 0 && index < actorsPerLaneMax, 'index is within one lane');
  return (host * hostShift +
    lane * lanePlaces +
    (generation % generationsMax) * actorsPerLaneMax +
    index) as Address<M>;
}

export const hostOf = (address: number): number => Math.floor(address / hostShift);
export const laneOf = (address: number): number => Math.floor(address / lanePlaces) % lanesMax;
export const indexOf = (address: number): number => address % actorsPerLaneMax;
export const generationOf = (address: number): number => Math.floor(address / actorsPerLaneMax) % generationsMax;
/** Host and lane in one number: equal for two addresses exactly if they live on the same thread of the same host. */
export const placeOf = (address: number): number => Math.floor(address / lanePlaces);
