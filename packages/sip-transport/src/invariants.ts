// What holds for a transport after every step, for the simulator and for tests.
import type { State } from './transport.ts';

export function transportInvariants(state: State): string | undefined {
  const { counts, config } = state;
  if (counts.handedOver > counts.received) return 'only what this lane received is handed over';
  if (counts.handOversRefused > counts.handedOver) return 'only what was handed over comes back';
  if (state.turn < 0 || state.turn > config.siblings.length) return 'the turn is that of this lane or a sibling';
  if (counts.edgesRefused > counts.passedToEdge) return 'only what was passed to an edge comes back';
  const dropped = counts.keepAlives + counts.foreign + counts.tooLong + counts.unanswerable;
  const arrived = counts.received - counts.handedOver + counts.handOversRefused + counts.takenOver;
  if (dropped > arrived) return 'no more datagrams are dropped than arrive';
  if (counts.sent > 0 && state.socket === 0) return 'nothing is sent before the socket is bound';
  return undefined;
}
