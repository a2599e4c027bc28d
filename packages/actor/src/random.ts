// Seeded random numbers (sfc32 by Chris Doty-Humphrey, PractRand), so that a core keeps its dice in its state and a
// simulation repeats byte for byte. Not for secrets.

/** Four 32-bit words; plain data, so that it can live in an actor's state. */
export interface Random {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** A generator from any 53-bit seed; nearby seeds give unrelated sequences. */
export function createRandom(seed: number): Random {
  const random = { a: seed >>> 0, b: Math.floor(seed / 2 ** 32) >>> 0, c: 0x9e3779b9, d: 1 };
  for (let round = 0; round < 12; round++) nextUint32(random);
  return random;
}

export function nextUint32(random: Random): number {
  const t = (random.a + random.b + random.d) | 0;
  random.d = (random.d + 1) | 0;
  random.a = random.b ^ (random.b >>> 9);
  random.b = (random.c + (random.c << 3)) | 0;
  random.c = (random.c << 21) | (random.c >>> 11);
  random.c = (random.c + t) | 0;
  return t >>> 0;
}

/** Uniform in [0, 1). */
export const nextFloat = (random: Random): number => nextUint32(random) / 2 ** 32;

/** Uniform integer in [0, bound). */
export const nextBelow = (random: Random, bound: number): number => Math.floor(nextFloat(random) * bound);
