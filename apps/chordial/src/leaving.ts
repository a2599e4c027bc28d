// `chordial leave`: the peers of this host leave the ring, some at a time, each handing its records to its successor first; then
// the membership says goodbye. The host serves as an edge until the end and is stopped by whoever asked.
import type { Address } from '@chordial/actor';
import type { ChordMessage, LeaveRefused, RingLeft } from '@chordial/chord/protocol';

/** Leaving is not possible, or was not finished in time; the message says what to do. */
export class LeaveFault extends Error {
  override readonly name = 'LeaveFault';
}

export interface LeaveProgress {
  readonly left: number;
  readonly peersCount: number;
}

interface Peer {
  readonly lane: number;
  readonly chord: Address<ChordMessage>;
}

/** Neighbours that leave together wait for each other, so few at a time. */
const leavingAtOnce = 4;
const pauseMs = 150;
/** Lists that neighbours have left are full again as their successors' lists are, one period after another. */
const patienceMs = 20_000;
/** A refusal that stays, as where a whole ring is told to stop: nobody is left to take over. */
const patienceInSmallRingMs = 3_000;

/**
 * Has every peer leave. A peer that is refused (its range changes just now, a neighbour leaves too) is asked again until `untilMs` on the
 * clock of `performance.now()`. `canSpareUs` says whether the rest of the ring, as this host knows it, is large enough without it.
 */
export async function leaveAll(
  peers: readonly Peer[],
  ask: (peer: Peer) => Promise<RingLeft | LeaveRefused>,
  canSpareUs: () => boolean,
  untilMs: number,
  onProgress: (progress: LeaveProgress) => void,
): Promise<void> {
  const waiting = [...peers];
  let left = 0;
  const leaveSome = async (): Promise<void> => {
    for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift()) {
      await leaveOne(peer);
      left++;
      onProgress({ left, peersCount: peers.length });
    }
  };
  async function leaveOne(peer: Peer): Promise<void> {
    const askedAt = performance.now();
    for (;;) {
      const refused = await ask(peer).then(
        (answer) => (answer.type === 'ring-left' ? undefined : answer.sentence),
        (failure: Error) => failure.message,
      );
      if (refused === undefined) return;
      const waitsMs = canSpareUs() ? patienceMs : patienceInSmallRingMs;
      if (performance.now() >= Math.min(untilMs, askedAt + waitsMs)) {
        waiting.length = 0;
        throw new LeaveFault(
          `${left} of ${peers.length} peers have left, and the next one is refused: ${refused}. The host goes on with the others; look at \`chordial ring --check\` and try again.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  await Promise.all(Array.from({ length: Math.min(leavingAtOnce, peers.length) }, leaveSome));
}
