// What a shell needs to run the location service of one peer.
import type { Behaviour, Words } from '@chordial/actor';
import { locationInvariants } from './invariants.ts';
import { initLocation, stepLocation } from './location.ts';
import { type LocationMessage, locationWords } from './protocol.ts';
import type { LocationConfig, LocationState } from './state.ts';

/** A change that finds 10,000 others waiting goes back to its sender, which answers 503. */
export const location: Behaviour<LocationState, LocationMessage, LocationConfig> = {
  name: 'location',
  init: initLocation,
  step: stepLocation,
  mailbox: { messagesMax: 10_000, overflow: 'refuse' },
  hearsSystem: true,
  words: locationWords as Words<LocationMessage>,
  invariants: locationInvariants,
  inspect: (state) => ({
    usersCount: state.users?.size ?? 0,
    bindingsCount: state.bindingsCount,
    waitingCount: state.waitingCount,
    ...state.counts,
  }),
};
