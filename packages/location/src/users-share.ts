// How many users a peer keeps of those that its host may have. Peers share no counter, as cores share no state, so each has its
// part of the ring of them, and room for chance.
import { distance, keyBits, type RingKey } from '@chordial/ring-key';

/**
 * The users that the owner of (from, key] may keep where the ring may have `usersMax`. Names fall on the ring evenly, and a peer with m
 * users on average has more than m + 6 sqrt(m) + 8 less than once in 10^8 fillings: a ring that is full refuses nobody too early; whoever
 * chooses names to fill every peer gets at most 6 sqrt(usersMax * peers) + 9 * peers users above `usersMax` (5 % at a million users on
 * 64 peers). `usersMax` is of each host and of the ring alike: the last host of a ring can keep all of its users.
 */
export function usersShareOf(from: RingKey, key: RingKey, usersMax: number): number {
  const arc = distance(from, key);
  // From a peer that is alone to itself it is once around.
  const usersMean = arc === 0n ? usersMax : usersMax * (Number(arc) / 2 ** keyBits);
  return Math.min(usersMax, Math.ceil(usersMean + 6 * Math.sqrt(usersMean)) + 8);
}
