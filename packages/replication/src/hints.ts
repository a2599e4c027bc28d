// Hinted handoff (*Dynamo*, 4.6): a copy that is kept because another host did not answer is sent to that host when it is in the ring. It is an
// ordinary copy until then, so that a hint that is lost, or one too many, only leaves its work to repair.
import type { Outbox } from '@chordial/actor';
import type { RecordsRead } from '@chordial/storage/protocol';
import { askReplica } from './repair-asking.ts';
import { mayMove, moved } from './repair-throttle.ts';
import { askStore } from './replica-jobs.ts';
import { charactersOfAll, fittingRecords } from './replica-reading.ts';
import { type Hint, hintsMax, mapName, type ReplicaState } from './replica-state.ts';

const hintsPerMessage = 100;
/** A host that is out of the ring for so long is not waited for: six hours. */
export const hintsAbsentMs = 21_600_000;

/** The copies of this step that were kept for others. */
export function noteHints(state: ReplicaState): void {
  for (let next = state.hintsNew.pop(); next !== undefined; next = state.hintsNew.pop()) {
    const [host, name, record] = next;
    const hints = state.hints.get(host) ?? new Map<string, Hint>();
    const isNew = !hints.has(name);
    if (isNew && state.hintsCount >= hintsMax) continue;
    if (isNew) state.hintsCount++;
    hints.set(name, { name, record, serial: state.hintSerial++ });
    state.hints.set(host, hints);
  }
}

/** To each host that is in the ring, some of its copies at a time. */
export function deliverHints(state: ReplicaState, now: number, out: Outbox): void {
  forgetAbsent(state, now);
  for (const [host, waiting] of state.hints) {
    if (!state.ring.hosts.has(host) || state.hinting.has(host) || !mayMove(state, now)) continue;
    const hints: Hint[] = [];
    for (const hint of waiting.values()) {
      if (hints.length === (state.hintSizes.get(host) ?? hintsPerMessage)) break;
      hints.push(hint);
    }
    state.hinting.add(host);
    const names = hints.map(({ record }) => record);
    askStore(state, { type: 'read-records', names }, { kind: 'hint', host, hints }, now, out);
  }
}

export function onHintsRead(
  state: ReplicaState,
  host: number,
  hints: readonly Hint[],
  { records }: RecordsRead,
  now: number,
  out: Outbox,
): void {
  const { fitting } = fittingRecords(records);
  const sent = new Set(fitting.map(({ table, key }) => mapName(table, key)));
  const there = new Set(records.flatMap((record) => (record === undefined ? [] : [mapName(record.table, record.key)])));
  // What has expired is not handed on.
  forget(
    state,
    host,
    hints.filter(({ name }) => !there.has(name)),
  );
  if (fitting.length === 0) {
    state.hinting.delete(host);
    return;
  }
  moved(state, charactersOfAll(fitting), now);
  state.counts.sentCount += fitting.length;
  const delivered = hints.filter(({ name }) => sent.has(name));
  askReplica(state, host, { kind: 'hint', hints: delivered }, { type: 'store-copies', records: fitting }, now, out);
}

/** The host has answered, or the attempt is over: what it has not kept is sent again later. */
export function onHintsAnswered(
  state: ReplicaState,
  host: number,
  hints: readonly Hint[],
  isKept: boolean,
  now: number,
  out: Outbox,
): void {
  state.hinting.delete(host);
  if (!isKept) return putLast(state, host, hints);
  const size = state.hintSizes.get(host);
  if (size !== undefined && size * 2 < hintsPerMessage) state.hintSizes.set(host, size * 2);
  else state.hintSizes.delete(host);
  state.counts.hintedCount += hints.length;
  forget(state, host, hints);
  deliverHints(state, now, out);
}

/** A host that is away for so long has left for good; should it come back, its ranges are repaired. */
function forgetAbsent(state: ReplicaState, now: number): void {
  const { hints, hintSizes, absentSince, ring } = state;
  for (const host of absentSince.keys()) if (ring.hosts.has(host) || !hints.has(host)) absentSince.delete(host);
  for (const [host, { size }] of hints) {
    const since = absentSince.get(host);
    if (ring.hosts.has(host)) continue;
    if (since === undefined) absentSince.set(host, now);
    else if (now - since > hintsAbsentMs) {
      hints.delete(host);
      hintSizes.delete(host);
      absentSince.delete(host);
      state.hintsCount -= size;
    }
  }
}

/** Others are tried first next time, and fewer together, as one of them may be why. */
function putLast(state: ReplicaState, host: number, hints: readonly Hint[]): void {
  const kept = state.hints.get(host);
  if (kept !== undefined) state.hintSizes.set(host, Math.max(1, Math.floor(hints.length / 2)));
  for (const hint of hints) {
    if (kept?.get(hint.name)?.serial !== hint.serial) continue;
    kept.delete(hint.name);
    kept.set(hint.name, hint);
  }
}

function forget(state: ReplicaState, host: number, hints: readonly Hint[]): void {
  const kept = state.hints.get(host);
  if (kept === undefined) return;
  for (const { name, serial } of hints) {
    // A later hint of the same name is for a later copy.
    if (kept.get(name)?.serial !== serial) continue;
    kept.delete(name);
    state.hintsCount--;
  }
  if (kept.size > 0) return;
  state.hints.delete(host);
  state.hintSizes.delete(host);
}
