// The dispatcher as a shell runs it.
import type { Behaviour, Words } from '@chordial/actor';
import { initDispatcher, stepDispatcher } from './dispatcher.ts';
import { dispatcherInvariants } from './invariants.ts';
import { type DispatcherMessage, dispatcherWords } from './protocol.ts';
import type { DispatcherConfig, State } from './state.ts';

/** Room for the first range of each of 50,000 peers of a lane. Overload: a message that does not fit is lost as a datagram would be, or goes back to the lane that forwarded it. */
export const dispatcher: Behaviour<State, DispatcherMessage, DispatcherConfig> = {
  name: 'dispatcher',
  init: initDispatcher,
  step: stepDispatcher,
  mailbox: { messagesMax: 65_536, overflow: 'refuse' },
  words: dispatcherWords as Words<DispatcherMessage>,
  hearsSystem: true,
  invariants: dispatcherInvariants,
  inspect: (state) => ({
    epoch: state.epoch,
    members: state.members.length,
    peers: state.ranges.count,
    owners: state.ranges.ownersCount,
    pending: state.lookups.count,
    resting: state.resting.count,
    ...state.counts,
    methods: Object.fromEntries(state.methods),
    answered: Object.fromEntries([...state.answered.entries()].filter(([, count]) => count > 0)),
  }),
};
