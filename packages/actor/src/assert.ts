// Assertions tell our own mistakes from the world's. A failed one stops the actor in whose step it fails, and the
// actor's supervisor decides what happens next; it is never the answer to bad input.

export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Throws `AssertionFailed` with `sentence` (what was expected to hold, in words) unless `condition` holds. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new AssertionFailed(sentence);
}
