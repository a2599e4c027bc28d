// Where new peers go when all members are known: each takes the middle of a largest arc, one after the other, so that no peer owns more
// than twice what it would in the fairest ring of halves (DESIGN section 5: of log2 N probed arcs, at most 2 times the mean; 256
// peers of a host each, 1.17 times). A heap of arcs finds the largest in O(log N).
import { createRandom, nextFloat } from '@chordial/actor/random';
import { distance, midpoint, type RingKey } from '@chordial/ring-key';

export interface Plan {
  /** In the order in which the peers shall join. */
  readonly keys: readonly RingKey[];
  /** How many times the mean the busiest peer owns when all have joined; 1 is perfect. */
  readonly loadMaxToMean: number;
}

interface Arc {
  readonly from: RingKey;
  readonly to: RingKey;
  /** As a part of the ring, not below 2^-160. */
  readonly share: number;
  /** Decides between equal arcs, so that the peers of one host do not follow each other. */
  readonly tie: number;
}

/** The same members, count and seed give the same plan. Time O((N + count) log N). An empty ring is begun anywhere. */
export function planPlacement(memberKeys: readonly RingKey[], count: number, seed = 0): Plan {
  const random = createRandom(seed);
  const arcOf = (from: RingKey, to: RingKey): Arc => {
    const share = from === to ? 1 : Number(distance(from, to)) / 2 ** 160;
    return { from, to, share, tie: nextFloat(random) };
  };
  const sorted = [...new Set(memberKeys)].sort();
  const heap: Arc[] = [];
  for (const [i, to] of sorted.entries()) push(heap, arcOf(sorted.at(i - 1)!, to));
  const keys: RingKey[] = [];
  if (sorted.length === 0 && count > 0) {
    let digits = '';
    while (digits.length < 40)
      digits += Math.floor(nextFloat(random) * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    keys.push(digits as RingKey);
    push(heap, arcOf(keys[0]!, keys[0]!));
  }
  while (keys.length < count) {
    const { from, to } = pop(heap)!;
    const key = midpoint(from, to);
    keys.push(key);
    push(heap, arcOf(from, key));
    push(heap, arcOf(key, to));
  }
  return { keys, loadMaxToMean: (heap[0]?.share ?? 0) * heap.length };
}

const isLarger = (a: Arc, b: Arc): boolean => a.share > b.share || (a.share === b.share && a.tie > b.tie);

function push(heap: Arc[], arc: Arc): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isLarger(arc, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = arc;
}

function pop(heap: Arc[]): Arc | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && isLarger(heap[child + 1]!, heap[child]!)) child++;
    if (child >= heap.length || !isLarger(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
