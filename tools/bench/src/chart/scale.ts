// Scales of a chart: from a value to a place in pixels, and the values that get a tick. Pixels of y grow downwards.

export interface Scale {
  /** Pixels of a value. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

const steps = [1, 2, 5, 10];
const ticksWanted = 6;
/** More would stand on each other. */
const doublingsMax = 11;

/** From 0 to a round number not below `max`, in steps of 1, 2 or 5 times a power of ten. */
export function linearScale(max: number, from: number, to: number): Scale {
  if (!(max > 0 && Number.isFinite(max))) throw new Error(`an axis ends above 0, not at ${max}`);
  const power = 10 ** Math.floor(Math.log10(max / ticksWanted));
  const factor = steps.find((each) => each * power * ticksWanted >= max) ?? 10;
  const step = factor * power;
  const count = Math.ceil(max / step - 1e-9);
  // Multiplied, not summed, so that 0.3 is not 0.30000000000000004.
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
  const end = ticks.at(-1)!;
  return { place: (value) => from + ((to - from) * value) / end, ticks };
}

/** Each doubling takes the same way; a tick at every power of two from `min` to `max`, or every other one where they are many. */
export function log2Scale(min: number, max: number, from: number, to: number): Scale {
  if (!(min > 0 && max >= min && Number.isFinite(max))) throw new Error(`no doublings from ${min} to ${max}`);
  const [first, last] = [Math.log2(min), Math.log2(max)];
  const span = Math.max(last - first, 1e-9);
  const ticks: number[] = [];
  const every = Math.ceil((Math.floor(last + 1e-9) - Math.ceil(first) + 1) / doublingsMax);
  for (let power = Math.ceil(first); power <= last + 1e-9; power += every) ticks.push(2 ** power);
  return { place: (value) => from + ((to - from) * (Math.log2(value) - first)) / span, ticks };
}
