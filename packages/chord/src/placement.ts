// Where founding peers sit on the ring. SHA-1 of names alone is unfair (of 128 random keys the busiest owns over five times
// the mean); a joiner therefore takes the middle of the largest arc it can find (DESIGN section 5). Founders see all arcs: each
// takes the middle of a largest one, so all arcs are 1/2^d of the ring or half of that, no peer owns over twice the
// mean, and no two differ by more than a factor of two.
//
//   5 peers, d = 2:   |-------|-------|---|---|-------|      which arcs are halved is drawn from the ring's name
//                    p0      p1      p2  p3  p4       p0
import { createRandom, nextBelow } from '@chordial/actor/random';
import { parseRingKey, type RingKey, ringKeyFromText } from '@chordial/ring-key';

/** The keys of `count` peers, ascending. The same name and count give the same keys everywhere. O(N log N). */
export function placePeers(ringName: string, count: number): RingKey[] {
  const origin = ringKeyFromText(ringName);
  const base = BigInt(`0x${origin}`);
  const depth = Math.floor(Math.log2(count));
  const wholeCount = 2 ** depth;
  const positionOf = (arc: number, arcsCountLog2: number): RingKey => {
    const position = BigInt.asUintN(160, base + (BigInt(arc) << BigInt(160 - arcsCountLog2)));
    return parseRingKey(position.toString(16).padStart(40, '0'))!;
  };
  const keys = Array.from({ length: wholeCount }, (_, arc) => positionOf(arc, depth));
  // Drawn, not spread evenly: a regular pattern would beat with the turns in which hosts are dealt their peers.
  const random = createRandom(Number.parseInt(origin.slice(0, 13), 16));
  const arcs = Uint32Array.from({ length: wholeCount }, (_, arc) => arc);
  for (let taken = 0; taken < count - wholeCount; taken++) {
    const drawn = taken + nextBelow(random, wholeCount - taken);
    const arc = arcs[drawn]!;
    arcs[drawn] = arcs[taken]!;
    keys.push(positionOf(arc * 2 + 1, depth + 1));
  }
  return keys.sort();
}
