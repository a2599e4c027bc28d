// The public face of the journal store: a pure core that carries out the storage words (`@chordial/storage/protocol`) over the disk port, or in
// memory only. It is what the simulator runs, and the store of a host that was started without a directory.
import type { Behaviour, Words } from '@chordial/actor';
import { initJournal, journalInvariants, stepJournal } from './journal-core.ts';
import type { JournalConfig, JournalState } from './journal-state.ts';
import { type StorageMessage, storageWords } from './protocol.ts';

export type { JournalConfig, JournalState } from './journal-state.ts';

/** A job that finds 10,000 messages waiting goes back to its sender; the store refuses with `busy` long before. */
export const journalStore: Behaviour<JournalState, StorageMessage, JournalConfig> = {
  name: 'journal-store',
  init: initJournal,
  step: stepJournal,
  mailbox: { messagesMax: 10_000, overflow: 'refuse' },
  words: storageWords as Words<StorageMessage>,
  invariants: journalInvariants,
  inspect: ({ phase, records, writes, files, trouble, damagedCount }) => ({
    phase,
    recordsCount: records.recordsCount,
    bytes: records.bytes,
    writesWaiting: writes.length,
    filesCount: files.length,
    damagedCount,
    trouble,
  }),
};
