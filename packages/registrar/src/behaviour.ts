// What a shell needs to run the registrar of one peer.
import type { Behaviour } from '@chordial/actor';
import { registrarInvariants } from './invariants.ts';
import type { RegistrarMessage } from './protocol.ts';
import { initRegistrar, type RegistrarConfig, type RegistrarState, stepRegistrar } from './registrar.ts';

/** A request that finds 10,000 messages waiting goes back to its sender. */
export const registrar: Behaviour<RegistrarState, RegistrarMessage, RegistrarConfig> = {
  name: 'registrar',
  init: initRegistrar,
  step: stepRegistrar,
  mailbox: { messagesMax: 10_000, overflow: 'refuse' },
  hearsSystem: true,
  invariants: registrarInvariants,
  inspect: (state) => ({ pendingCount: state.pending?.count ?? 0 }),
};
