// Compaction: when the files hold more than twice what the records need, a new file begins for what is written from now on, and the records are
// written to a snapshot, a piece at a time, beside the service. A piece has the records as they are at its time: what is changed
// meanwhile stands in the new file, which is read after the snapshot. Then snapshot and new file are all that the manifest names.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed } from '@chordial/actor/protocol';
import { nextUint32 } from '@chordial/actor/random';
import { bucketsCount } from './digest.ts';
import { beginManifest, freeSlot } from './journal-files.ts';
import { FrameWriter, frameHeaderBytes } from './journal-frames.ts';
import { slotsMax } from './journal-manifest.ts';
import { isExpired } from './journal-range.ts';
import { fileName, type JournalState, retryMs, type Snapshot, wakeAt, wallClock, writeFile } from './journal-state.ts';

const pieceBytes = 262_144;
/** With so many files a compaction is due however small they are. */
const filesMax = slotsMax / 2;

/** Notes when the files have become too large. */
export function wantCompaction(state: JournalState, now: number): void {
  if (state.snapshot !== undefined || state.compactionWanted || now < state.compactionAt) return;
  const total = filesBytes(state);
  const needed = state.records.bytes + state.records.recordsCount * frameHeaderBytes;
  const isTooMuch = total > needed * 2 + (state.config.compactionBytesMin ?? 4 * 1_048_576);
  if (isTooMuch || state.files.length > filesMax) state.compactionWanted = true;
}

export function filesBytes(state: JournalState): number {
  let total = 0;
  for (const file of state.files) total += file.bytes;
  return total;
}

/**
 * What is changed from now on is in the last file, which is read after the snapshot. Best it is a new one; where there are too many
 * it is the one that there is, which then only stays for another round.
 */
export function beginSnapshot(state: JournalState, now: number, out: Outbox): void {
  state.compactionWanted = false;
  const slot = freeSlot(state);
  if (slot === undefined) return;
  state.snapshot = {
    slot,
    salt: nextUint32(state.random),
    replacesCount: state.files.length - 1,
    writer: new FrameWriter(),
    bytes: 0,
    bucket: 0,
    correlation: 0,
  };
  writePiece(state, state.snapshot, now, out);
}

function writePiece(state: JournalState, snapshot: Snapshot, now: number, out: Outbox): void {
  const { writer, salt } = snapshot;
  const wallNow = wallClock(state, now);
  const isFirst = snapshot.bytes === 0;
  writer.clear();
  while (writer.length < pieceBytes) {
    const bucket = state.records.nextBucket(snapshot.bucket);
    snapshot.bucket = bucket === undefined ? bucketsCount : bucket + 1;
    if (bucket === undefined) break;
    for (const entry of state.records.entriesOf(bucket)) {
      if (!isExpired(entry, wallNow)) writer.frame([{ kind: 'put', entry }], salt, snapshot.bytes + writer.length);
    }
  }
  const type = isFirst ? 'replace-file' : 'append-file';
  snapshot.correlation = writeFile(state, type, fileName(state, snapshot.slot), writer.bytes, writer.length, out);
}

export function onPieceWritten(state: JournalState, snapshot: Snapshot, now: number, out: Outbox): void {
  snapshot.bytes += snapshot.writer.length;
  snapshot.correlation = 0;
  if (snapshot.bucket < bucketsCount) writePiece(state, snapshot, now, out);
}

/** It is given up; what there is of it is written over by the next one. */
export function onPieceFailed(state: JournalState, _failure: DiskFailed, now: number, out: Outbox): void {
  state.snapshot = undefined;
  state.compactionAt = now + retryMs;
  wakeAt(state, state.compactionAt, now, out);
}

/** Lets a finished snapshot take the place of what it has; false where there is none. */
export function beginAdoption(state: JournalState, now: number, out: Outbox): boolean {
  const { snapshot } = state;
  if (snapshot === undefined || snapshot.bucket < bucketsCount || snapshot.correlation !== 0) return false;
  if (now < state.compactionAt) return false;
  const { slot, salt, bytes, replacesCount } = snapshot;
  const later = state.files.slice(replacesCount).map((file) => ({ ...file }));
  beginManifest(state, [{ slot, salt, bytes, isOpen: false }, ...later], out);
  return true;
}
