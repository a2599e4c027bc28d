// The arcs between taken keys, and the middle of a largest one: halving largest arcs keeps the busiest peer at twice the mean or less
// (DESIGN section 5). One pass over the first 48 bits of the keys, about 5 ns a key; only the chosen arc is divided exactly.
import { nextBelow, type Random } from '@chordial/actor/random';
import { midpoint, type RingKey } from '@chordial/ring-key';

const turn = 2 ** 48;
/** Arcs that differ by less than this part are equally large: rounding moves a middle by a step. */
const tolerance = 1e-9;

const prefixOf = (key: RingKey): number => Number.parseInt(key.slice(0, 12), 16);

/**
 * The middle of a largest arc between `keys`, sorted; drawn among equals, those first whose ends are not `isOwn` (a host's peers are
 * spread, so that its death takes no neighbours). `keys` must not be empty.
 */
export function middleOfLargestArc(
  keys: readonly RingKey[],
  isOwn: (key: RingKey) => boolean,
  random: Random,
): RingKey {
  let largest = -1;
  const lengths = new Float64Array(keys.length);
  let before = prefixOf(keys[keys.length - 1]!) - turn;
  for (let i = 0; i < keys.length; i++) {
    const prefix = prefixOf(keys[i]!);
    lengths[i] = prefix - before;
    before = prefix;
    if (lengths[i]! > largest) largest = lengths[i]!;
  }
  const ends: number[] = [];
  const foreign: number[] = [];
  for (let i = 0; i < keys.length; i++) {
    if (lengths[i]! < largest * (1 - tolerance)) continue;
    ends.push(i);
    if (isOwn(keys[i]!) || isOwn(keys.at(i - 1)!)) continue;
    foreign.push(i);
  }
  const chosen = foreign.length > 0 ? foreign : ends;
  const end = chosen[nextBelow(random, chosen.length)]!;
  return midpoint(keys.at(end - 1)!, keys[end]!);
}
