// The door to the replica of a host, at the same place on every host: it passes on what comes, as the replica may live on a lane of its own, next to
// the store. Answers come from the replica itself. What only the own host may say to a replica it does not pass on for others.
import type { Address, Outbox, Received } from '@chordial/actor';
import type { ReplicaMessage } from './protocol.ts';
import { maySay } from './replica-outside.ts';

export interface DoorConfig {
  readonly replica: Address<ReplicaMessage>;
}

export function stepDoor({ replica }: DoorConfig, { from, message }: Received<ReplicaMessage>, out: Outbox): void {
  if (maySay(from, replica, message.type)) out.send(replica, message);
}
