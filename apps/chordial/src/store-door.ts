// The door to the store of a host for operators at other hosts, at the same place on every host: it passes on what only reads. Everything else
// goes through the replica, the one user of the store.
import type { Address, Behaviour, Outbox, Received, Words } from '@chordial/actor';
import { type DescribeStore, type ScanRange, type StorageMessage, storageWords } from '@chordial/storage/protocol';

export interface StoreDoorConfig {
  readonly store: Address<StorageMessage>;
}
export type StoreDoorMessage = ScanRange | DescribeStore;

/** A page is not larger, whatever another host asks for. */
const recordsPerPageMax = 1_000;

function step({ store }: StoreDoorConfig, { message }: Received<StoreDoorMessage>, out: Outbox): void {
  switch (message.type) {
    case 'scan-range':
      out.send(store, { ...message, recordsMax: Math.min(message.recordsMax, recordsPerPageMax) });
      break;
    case 'describe-store':
      out.send(store, message);
      break;
    default:
      message satisfies never;
  }
}

export const storeDoor: Behaviour<StoreDoorConfig, StoreDoorMessage, StoreDoorConfig> = {
  name: 'store-door',
  init: (config) => config,
  step,
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  words: storageWords as unknown as Words<StoreDoorMessage>,
};
