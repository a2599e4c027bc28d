// What a shell needs to run the replica of a host, the door to it, and the coordinators of its lanes.
import type { Behaviour, Typed, Words } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { chordWords } from '@chordial/chord/protocol';
import { storageWords } from '@chordial/storage/protocol';
import { acceptorInvariants, initAcceptor, stepAcceptor } from './acceptor.ts';
import type { AcceptorConfig, AcceptorState } from './acceptor-state.ts';
import { coordinatorInvariants, initCoordinator, stepCoordinator } from './coordinator.ts';
import type { CoordinatorConfig, CoordinatorState } from './coordinator-state.ts';
import { type DoorConfig, stepDoor } from './door.ts';
import type { AcceptorMessage } from './ordered-protocol.ts';
import { type CoordinatorMessage, type ReplicaMessage, replicationWords } from './protocol.ts';
import { initReplica, stepReplica } from './replica.ts';
import { inspectReplica, replicaInvariants } from './replica-invariants.ts';
import type { ReplicaConfig, ReplicaState } from './replica-state.ts';

/** The store and the membership may live on other lanes than those who ask them, so their words stand here too; one table has each number once. */
function wordsBeside<M extends Typed>(): Words<M> {
  const { 'watch-ring': watchRing, 'ring-changed': ringChanged } = chordWords;
  const all = { ...storageWords, 'watch-ring': watchRing, 'ring-changed': ringChanged, ...replicationWords };
  return Object.fromEntries(
    Object.entries(all).map(([type, [, ...fields]], i) => [type, [i + 1, ...fields]]),
  ) as unknown as Words<M>;
}
const replicaWords = wordsBeside<ReplicaMessage>();

/**
 * More than links with all lanes bring in a turn, and than a lane lets in from other hosts: what the own store, the ring and coordinators say finds
 * room. Copies are refused long before, by `copiesUnderWayMax`, as ballots are by `waitingMax`.
 */
const mailbox = { messagesMax: 131_072, overflow: 'refuse' } as const;

export const replica: Behaviour<ReplicaState, ReplicaMessage, ReplicaConfig> = {
  name: 'replica',
  init: initReplica,
  step: stepReplica,
  mailbox,
  hearsSystem: true,
  words: replicaWords,
  invariants: replicaInvariants,
  inspect: inspectReplica,
};

export const replicaDoor: Behaviour<DoorConfig, ReplicaMessage, DoorConfig> = {
  name: 'replica-door',
  init: (config) => config,
  step: stepDoor,
  mailbox: { messagesMax: 20_000, overflow: 'drop-newest' },
  words: replicaWords,
};

/** Of a host, next to its replica, with a store of its own. */
export const acceptor: Behaviour<AcceptorState, AcceptorMessage | MessageRefused, AcceptorConfig> = {
  name: 'acceptor',
  init: initAcceptor,
  step: stepAcceptor,
  mailbox,
  hearsSystem: true,
  words: replicaWords as unknown as Words<AcceptorMessage | MessageRefused>,
  invariants: acceptorInvariants,
  inspect: ({ store, roster, registers, waitingCount }) => ({
    store,
    rosterEpoch: roster?.epoch ?? 0,
    voters: roster?.voters.length ?? 0,
    registersInMemory: registers.size,
    waitingCount,
  }),
};

/** A question that finds 20,000 messages waiting goes back to its sender, which asks again later. */
export const coordinator: Behaviour<CoordinatorState, CoordinatorMessage, CoordinatorConfig> = {
  name: 'coordinator',
  init: initCoordinator,
  step: stepCoordinator,
  mailbox: { messagesMax: 20_000, overflow: 'refuse' },
  hearsSystem: true,
  words: replicationWords as unknown as Words<CoordinatorMessage>,
  invariants: coordinatorInvariants,
  inspect: ({ ranges, operationsCount, repairs, unsettled, drifting, handings, ring, counts }) => ({
    ranges: ranges.count,
    hosts: ring.hosts.length,
    operationsUnderWay: operationsCount,
    repairsUnderWay: repairs.size,
    unsettled: unsettled.size,
    drifting: drifting.size,
    handings: handings.length,
    ...counts,
  }),
};
