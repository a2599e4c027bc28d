// What a shell needs to run the location service of one peer.
import type { Behaviour } from '@chordial/actor';
import { locationInvariants } from './invariants.ts';
import { initLocation, type LocationConfig, type LocationState, stepLocation } from './location.ts';
import type { LocationMessage } from './protocol.ts';

/** A change that finds 10,000 others waiting goes back to its sender, which answers 503. */
export const location: Behaviour<LocationState, LocationMessage, LocationConfig> = {
  name: 'location',
  init: initLocation,
  step: stepLocation,
  mailbox: { messagesMax: 10_000, overflow: 'refuse' },
  invariants: locationInvariants,
  inspect: (state) => ({ usersCount: state.users?.size ?? 0, bindingsCount: state.bindingsCount }),
};
