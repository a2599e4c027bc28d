// Reading copies: for a coordinator, which wants one, and for other replicas, which want as many as fit into a message. A record that is found
// damaged is asked of the hosts that have copies of it, and written again.
import type { Address, Outbox } from '@chordial/actor';
import type { RecordName, RecordsRead, StorageFailed, StoredRecord } from '@chordial/storage/protocol';
import type { CopyAnswer, FetchCopies, FetchCopy, ReplicaMessage } from './protocol.ts';
import { mayMove, moved } from './repair-throttle.ts';
import { aliveRecord } from './replica-cache.ts';
import { startHeal } from './replica-healing.ts';
import { askStore } from './replica-jobs.ts';
import { type Job, mapName, type ReplicaState } from './replica-state.ts';

/** Of one message between replicas, about in bytes; one record may be larger. A lane's link takes 128 KB. */
export const messageCharactersMax = 48_000;
export const namesPerMessageMax = 200;
/** Questions of other replicas that are being answered. */
export const servingMax = 16;

export function onFetchCopy(state: ReplicaState, message: FetchCopy, now: number, out: Outbox): void {
  const { table, key, replyTo, correlation } = message;
  const cached = state.cache.get(mapName(table, key));
  if (cached !== undefined) {
    answerCopy(state, message, aliveRecord(cached, now), out);
    return;
  }
  const job: Job = { kind: 'fetch', name: [table, key], replyTo, correlation };
  askStore(state, { type: 'read-records', names: [job.name] }, job, now, out);
}

type Fetch = Extract<Job, { kind: 'fetch' }>;

export function onFetchRead(state: ReplicaState, job: Fetch, event: RecordsRead, now: number, out: Outbox): void {
  const [record] = event.records;
  if (event.damaged.length > 0) {
    const sentence = 'the copy is damaged here and is asked of other hosts';
    refuseCopy(state, job, 'damaged', sentence, out);
    startHeal(state, job.name, now, out);
    return;
  }
  const [table, key] = job.name;
  const name = mapName(table, key);
  // What is being written is newer than what was read.
  if (record !== undefined && !state.busy.has(name) && state.cache.get(name) === undefined)
    state.cache.put(name, record, record.ttlMs === 0 ? 0 : now + record.ttlMs);
  answerCopy(state, job, record, out);
}

export function onFetchFailed(state: ReplicaState, job: Fetch, { code, sentence }: StorageFailed, out: Outbox): void {
  refuseCopy(state, job, code, sentence, out);
}

interface Asker {
  readonly replyTo: Address<CopyAnswer>;
  readonly correlation: number;
}

function answerCopy(state: ReplicaState, asker: Asker, record: StoredRecord | undefined, out: Outbox): void {
  const { name, version, value, ttlMs } = record ?? { name: '', version: '', value: '', ttlMs: 0 };
  const { host } = state.config;
  state.counts.fetchedCount++;
  out.send(asker.replyTo, { type: 'copy-fetched', correlation: asker.correlation, host, name, version, value, ttlMs });
}

function refuseCopy(state: ReplicaState, asker: Asker, code: string, sentence: string, out: Outbox): void {
  state.counts.refusedCount++;
  const { correlation, replyTo } = asker;
  out.send(replyTo, { type: 'copy-refused', correlation, host: state.config.host, code, sentence });
}

/** An answer that is not one: the asking replica tries again a little later. */
export function refuseReplica(
  state: ReplicaState,
  { replyTo, correlation }: { readonly replyTo: Address<ReplicaMessage>; readonly correlation: number },
  code: string,
  sentence: string,
  out: Outbox,
): void {
  out.send(replyTo, { type: 'copy-refused', correlation, host: state.config.host, code, sentence });
}

export function onFetchCopies(state: ReplicaState, message: FetchCopies, now: number, out: Outbox): void {
  if (state.servingCount >= servingMax || !mayMove(state, now)) {
    refuseReplica(state, message, 'busy', 'much is being repaired already: ask again', out);
    return;
  }
  if (message.names.length > namesPerMessageMax) {
    refuseReplica(state, message, 'invalid', `ask for at most ${namesPerMessageMax} copies at once`, out);
    return;
  }
  state.servingCount++;
  askStore(state, { type: 'read-records', names: message.names }, { kind: 'serve', message }, now, out);
}

export function onServeRead(
  state: ReplicaState,
  { replyTo, correlation }: FetchCopies,
  { records, damaged }: RecordsRead,
  now: number,
  out: Outbox,
): void {
  state.servingCount--;
  for (const name of damaged) startHeal(state, name, now, out);
  const { fitting } = fittingRecords(records);
  state.counts.sentCount += fitting.length;
  moved(state, charactersOfAll(fitting), now);
  out.send(replyTo, { type: 'copies-fetched', correlation, records: fitting });
}

export function onServeFailed(state: ReplicaState, message: FetchCopies, event: StorageFailed, out: Outbox): void {
  state.servingCount--;
  refuseReplica(state, message, event.code, event.sentence, out);
}

/** The first records that fit into a message, at least one, without those that are not there; and those that do not fit. */
export function fittingRecords(records: readonly (StoredRecord | undefined)[]): {
  fitting: StoredRecord[];
  others: RecordName[];
} {
  const fitting: StoredRecord[] = [];
  const others: RecordName[] = [];
  let characters = 0;
  for (const record of records) {
    if (record === undefined) continue;
    characters += charactersOf(record);
    if (others.length > 0 || (fitting.length > 0 && characters > messageCharactersMax))
      others.push([record.table, record.key]);
    else fitting.push(record);
  }
  return { fitting, others };
}

/** About what a record takes in a message, in bytes: a text that is not ASCII takes up to three for each of its units. */
export const charactersOf = ({ name, version, value }: StoredRecord): number =>
  80 + bytesOf(name) + version.length + bytesOf(value);
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has them
const notAscii = /[^\x00-\x7f]/;
const bytesOf = (text: string): number => (notAscii.test(text) ? text.length * 3 : text.length);
export const charactersOfAll = (records: readonly StoredRecord[]): number =>
  records.reduce((sum, record) => sum + charactersOf(record), 0);
