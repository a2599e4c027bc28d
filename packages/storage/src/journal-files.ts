// The files of a journal: which there are, and how another set of them comes into force. A new file is emptied first, then both copies of the
// manifest are replaced; only then is anything appended to it. Whatever a crash leaves of that, one of the two sets is whole.
import type { Outbox } from '@chordial/actor';
import { nextUint32 } from '@chordial/actor/random';
import { type JournalFile, manifestBytes, slotsMax } from './journal-manifest.ts';
import { beginSnapshot } from './journal-snapshot.ts';
import { type FileSwitch, fileName, type JournalState, manifestName, writeFile } from './journal-state.ts';

const nothing = new Uint8Array(0);

/** A slot that neither a file nor the snapshot has. */
export function freeSlot(state: JournalState): number | undefined {
  for (let slot = 0; slot < slotsMax; slot++) {
    if (state.snapshot?.slot !== slot && !state.files.some((file) => file.slot === slot)) return slot;
  }
  return undefined;
}

/** The last slots are kept for a snapshot. */
export const hasTooManyFiles = ({ files }: JournalState): boolean => files.length >= slotsMax - 2;

/** Closes the file that grows at its known length and goes on in a new one; a sentence when there can be no more. */
export function beginNewFile(state: JournalState, out: Outbox): string | undefined {
  const files = state.files.map((file) => ({ ...file, isOpen: false }));
  // One that has nothing of worth is used again, so that failures one after the other take no files.
  const last = files.at(-1);
  const isReused = last !== undefined && last.bytes === 0;
  if (isReused) files.pop();
  const slot = isReused ? last.slot : freeSlot(state);
  if (slot === undefined || (hasTooManyFiles(state) && !isReused)) {
    return 'The journal has too many files, as its disk failed again and again: see to the disk; it goes on when a snapshot is written.';
  }
  files.push({ slot, salt: nextUint32(state.random), bytes: 0, isOpen: true });
  const correlation = writeFile(state, 'replace-file', fileName(state, slot), nothing, 0, out);
  state.commit = { kind: 'switch', reason: 'new-file', files, stage: 'file', correlation };
  return undefined;
}

export function beginManifest(state: JournalState, files: JournalFile[], out: Outbox): void {
  const fileSwitch: FileSwitch = { kind: 'switch', reason: 'adopt-snapshot', files, stage: 'manifest', correlation: 0 };
  writeManifest(state, fileSwitch, out);
  state.commit = fileSwitch;
}

function writeManifest(state: JournalState, fileSwitch: FileSwitch, out: Outbox): void {
  const bytes = manifestBytes({ sequence: state.sequence + 1, files: fileSwitch.files });
  const name = manifestName(state, fileSwitch.stage === 'copy' ? 1 : 0);
  fileSwitch.correlation = writeFile(state, 'replace-file', name, bytes, bytes.length, out);
}

/** One stage of a switch is done: the next one, or the files are in force. */
export function onSwitchDone(state: JournalState, fileSwitch: FileSwitch, now: number, out: Outbox): void {
  if (fileSwitch.stage !== 'copy') {
    fileSwitch.stage = fileSwitch.stage === 'file' ? 'manifest' : 'copy';
    writeManifest(state, fileSwitch, out);
    return;
  }
  state.commit = undefined;
  state.sequence++;
  const before = state.files;
  state.files = fileSwitch.files;
  for (const { slot } of before) {
    const isFree = !state.files.some((file) => file.slot === slot);
    if (isFree) writeFile(state, 'replace-file', fileName(state, slot), nothing, 0, out);
  }
  if (fileSwitch.reason === 'adopt-snapshot') {
    state.snapshot = undefined;
    return;
  }
  state.needsFile = false;
  if (state.compactionWanted) beginSnapshot(state, now, out);
}
