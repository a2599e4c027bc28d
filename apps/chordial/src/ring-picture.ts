// The ring as operators see it: who owns how much of it, and how even that is.
import type { FoundingRing } from '@chordial/chord';
import { distance, type RingKey } from '@chordial/ring-key';

export interface RingPicture {
  readonly peersCount: number;
  /** Share of the busiest peer divided by the mean share. */
  readonly loadMaxToMean: number;
  readonly members: readonly {
    readonly key: RingKey;
    readonly host: number;
    readonly lane: number;
    /** Part of all keys, 0 to 1. */
    readonly share: number;
  }[];
}

const bitsDropped = 107n;

export function pictureOf(ring: FoundingRing, loadMaxToMean: number): RingPicture {
  const { members } = ring;
  return {
    peersCount: members.length,
    loadMaxToMean,
    members: members.map(({ key, host, lane }, index) => {
      const predecessor = members.at(index - 1)!.key;
      const share = members.length === 1 ? 1 : Number(distance(predecessor, key) >> bitsDropped) / 2 ** 53;
      return { key, host, lane, share };
    }),
  };
}
