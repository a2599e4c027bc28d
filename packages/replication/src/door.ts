// The door to the replica of a host, at the same place on every host: it passes on what comes, as the replica may live on a lane of its own, next to
// the store. Answers come from the replica itself.
import type { Address, Outbox, Received } from '@chordial/actor';
import type { ReplicaMessage } from './protocol.ts';

export interface DoorConfig {
  readonly replica: Address<ReplicaMessage>;
}

export function stepDoor({ replica }: DoorConfig, { message }: Received<ReplicaMessage>, out: Outbox): void {
  out.send(replica, message);
}
