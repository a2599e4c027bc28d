// Reads a journal back when its store starts: both copies of the manifest, then its files in their order, a piece at a time.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed, FileRead } from '@chordial/actor/protocol';
import { applyChanges } from './journal-frames.ts';
import { type Manifest, manifestBytesMax, manifestIn } from './journal-manifest.ts';
import { JournalReader } from './journal-reader.ts';
import {
  diskCorrelation,
  fileName,
  type JournalState,
  type Loading,
  manifestName,
  retryMs,
  setTrouble,
  tell,
  wakeAt,
  wallClock,
} from './journal-state.ts';

const pieceBytes = 1_048_576;

export function beginLoading(state: JournalState, out: Outbox): void {
  state.loading = {
    stage: 'manifest',
    correlation: 0,
    firstManifest: new Uint8Array(0),
    fileAt: 0,
    reader: undefined,
  };
  read(state, state.loading, manifestName(state, 0), 0, manifestBytesMax, out);
}

function read(
  state: JournalState,
  loading: Loading,
  file: string,
  offset: number,
  bytesMax: number,
  out: Outbox,
): void {
  const correlation = diskCorrelation(state, out);
  loading.correlation = correlation;
  const replyTo = state.self;
  out.send(state.config.disk!.port, { type: 'read-file', replyTo, correlation, file, offset, bytesMax });
}

export function onLoadingRead(state: JournalState, loading: Loading, piece: FileRead, now: number, out: Outbox): void {
  const { bytes, start, end } = piece;
  if (loading.stage === 'manifest') {
    loading.firstManifest = bytes.slice(start, end);
    loading.stage = 'copy';
    read(state, loading, manifestName(state, 1), 0, manifestBytesMax, out);
    return;
  }
  if (loading.stage === 'copy') {
    if (!onManifests(state, loading.firstManifest, bytes.slice(start, end), out)) return;
    loading.stage = 'files';
    readOn(state, loading, out);
    return;
  }
  const file = state.files[loading.fileAt]!;
  const reader = loading.reader!;
  const isEmpty = start === end;
  const isLast = isEmpty || (!file.isOpen && reader.offset + end - start >= file.bytes);
  const wallNow = wallClock(state, now);
  reader.feed(bytes, start, end, isLast, (changes) => applyChanges(state.records, changes, wallNow));
  if (isLast) {
    state.damagedCount += reader.damagedCount;
    if (file.isOpen) {
      file.bytes = reader.validBytes;
      if (reader.tornBytes > 0) state.needsFile = true;
    } else if (reader.validBytes < file.bytes) {
      state.damagedCount++;
    }
    loading.fileAt++;
    loading.reader = undefined;
  }
  readOn(state, loading, out);
}

/** Chooses the newer manifest that is whole; false when there is none though there should be. */
function onManifests(state: JournalState, first: Uint8Array, second: Uint8Array, out: Outbox): boolean {
  const found = [manifestIn(first), manifestIn(second)] as const;
  const whole = found.filter((manifest): manifest is Manifest => typeof manifest === 'object');
  if (whole.length === 0 && found.includes('damaged')) {
    state.phase = 'broken';
    state.loading = undefined;
    const file = manifestName(state, 0);
    setTrouble(
      state,
      `Both copies of ${file} are damaged, so the store cannot tell which files are its own: ` +
        'put the directory back from a backup, or move the files of the store away to begin an empty one.',
      out,
    );
    return false;
  }
  const [one, two] = whole;
  const newer = one !== undefined && two !== undefined && two.sequence > one.sequence ? two : one;
  state.sequence = newer?.sequence ?? 0;
  state.files = (newer?.files ?? []).map((file) => ({ ...file }));
  const isSame = one !== undefined && two !== undefined && one.sequence === two.sequence;
  // Copies that differ are made the same before anything is appended.
  state.needsFile = !isSame || state.files.at(-1)?.isOpen !== true;
  return true;
}

function readOn(state: JournalState, loading: Loading, out: Outbox): void {
  const file = state.files[loading.fileAt];
  if (file === undefined) {
    finishLoading(state, out);
    return;
  }
  loading.reader ??= new JournalReader(file.salt);
  const { offset } = loading.reader;
  const bytesMax = file.isOpen ? pieceBytes : Math.min(pieceBytes, file.bytes - offset);
  read(state, loading, fileName(state, file.slot), offset, bytesMax, out);
}

function finishLoading(state: JournalState, out: Outbox): void {
  state.loading = undefined;
  state.phase = 'open';
  setTrouble(state, '', out);
  if (state.damagedCount > 0) {
    const places = state.damagedCount === 1 ? 'one place' : `${state.damagedCount} places`;
    tell(
      state,
      `The journal is damaged in ${places}: what stood there is left out. Other hosts' copies replace it; check the disk.`,
      out,
    );
  }
}

/** The disk cannot be read: it is tried again from the beginning a little later. */
export function onLoadingFailed(state: JournalState, failure: DiskFailed, now: number, out: Outbox): void {
  state.loading = undefined;
  state.records.clear();
  state.files = [];
  state.damagedCount = 0;
  setTrouble(state, `The store cannot read its files and tries again: look at its disk (${failure.sentence}).`, out);
  wakeAt(state, now + retryMs, now, out);
}
