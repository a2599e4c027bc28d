// `chordial get`, `put`, `delete`, `scan`, `repair`, `backup` and `restore`: what an operator asks about records, shown as text or JSON.
import { resolve } from 'node:path';
import { askHost, sendHost } from './control-client.ts';
import { ConfigurationFault } from './options.ts';
import { controlOf, type QuestionFlags, show } from './questions.ts';
import type { RecordsScanned } from './record-scan.ts';
import type { RecordChanged, RecordShown } from './records.ts';
import type { RepairStatus } from './repair-status.ts';
import { counted, driftLine, movedText, repairText } from './repair-text.ts';
import type { StoreTransfer } from './store-transfer.ts';
import { renderTable } from './table.ts';

export interface RecordFlags extends QuestionFlags {
  readonly table?: string;
}
export interface ChangeFlags extends RecordFlags {
  readonly ttl?: string;
  readonly context?: string;
  readonly expected?: string;
}
export interface ScanFlags extends RecordFlags {
  readonly limit?: string;
  readonly host?: string;
  readonly after?: string;
}
export interface RestoreFlags extends QuestionFlags {
  readonly old?: boolean;
}
export interface RepairFlags extends QuestionFlags {
  readonly watch?: boolean;
}

/** Longer than the host takes for the largest store. */
const transferMsMax = 16 * 60_000;
const watchMs = 1_000;
const valueShownMax = 60;

const queryOf = (fields: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  ).toString();

export async function runGet(name: string, flags: RecordFlags): Promise<void> {
  const { table = 'records' } = flags;
  const record = await askHost<RecordShown>(controlOf(flags), `/api/record?${queryOf({ table, name })}`);
  show(flags, record, () => recordText(record));
}

export async function runPut(name: string, value: string, flags: ChangeFlags): Promise<void> {
  const ttlSeconds = numberOf('--ttl', flags.ttl ?? '0', 'seconds, or 0 for a record that does not expire');
  await change('PUT', { ...targetOf(name, flags), value, ttlSeconds }, flags);
}

export async function runDelete(name: string, flags: ChangeFlags): Promise<void> {
  await change('DELETE', targetOf(name, flags), flags);
}

function targetOf(name: string, { table = 'records', context, expected }: ChangeFlags): object {
  if (context !== undefined && expected !== undefined)
    throw new ConfigurationFault(
      '--context is for the table records, --expected for the table ordered: give one of them',
    );
  const replaced = context ?? expected;
  return { table, name, ...(replaced === undefined ? {} : { context: replaced }) };
}

async function change(method: 'PUT' | 'DELETE', body: object, flags: ChangeFlags): Promise<void> {
  const changed = await sendHost<RecordChanged>(controlOf(flags), method, '/api/record', body);
  const done = method === 'PUT' ? 'Kept' : 'Removed';
  show(flags, changed, () =>
    [`${done} by host ${changed.owner.host} and others of its group.`, `  context ${changed.context}`].join('\n'),
  );
}

export async function runScan(flags: ScanFlags): Promise<void> {
  const { table, limit = '100', host, after } = flags;
  const scanned = await askHost<RecordsScanned>(
    controlOf(flags),
    `/api/records?${queryOf({ table, limit, host, after })}`,
  );
  show(flags, scanned, () => scanText(scanned));
}

/** The exit code is 1 while ranges drift or the store is in trouble. */
export async function runRepair(flags: RepairFlags): Promise<void> {
  const control = controlOf(flags);
  const ask = (): Promise<RepairStatus> => askHost<RepairStatus>(control, '/api/repair');
  let status = await ask();
  for (let shown = -1; flags.watch === true && !isWell(status); status = await ask()) {
    if (status.drift !== shown && flags.json !== true) console.log(`${driftLine(status)} ${movedText(status)}`);
    shown = status.drift;
    await new Promise((wait) => setTimeout(wait, watchMs));
  }
  show(flags, status, () => repairText(status));
  if (!isWell(status)) process.exitCode = 1;
}

const isWell = ({ drift, store, silentLanes }: RepairStatus): boolean =>
  drift === 0 && silentLanes.length === 0 && store !== undefined && store.trouble === '';

export async function runBackup(file: string, flags: QuestionFlags): Promise<void> {
  const done = await transferBy('/api/backup', file, flags);
  show(flags, done, () => `${counted(done.recordsCount)} in ${done.file}`);
}

export async function runRestore(file: string, flags: RestoreFlags): Promise<void> {
  const done = await transferBy('/api/restore', file, flags, { withOld: flags.old === true });
  const left = done.leftOutCount > 0 ? `; ${done.leftOutCount} left out, as they have expired or are ordered` : '';
  const old =
    done.tooOldCount > 0
      ? `; ${done.tooOldCount} left out that never expire, as the file is so old that they may have been removed since: --old restores them too`
      : '';
  const skipped =
    done.skippedCount > 0
      ? `; ${done.skippedCount} cannot be kept, as they are too large beside what the ring has of them`
      : '';
  show(
    flags,
    done,
    () => `${counted(done.recordsCount)} of ${done.file} merged with what the ring has${left}${old}${skipped}`,
  );
}

/** The host reads and writes the file: relative to where the command runs, so both are on one machine. */
const transferBy = (path: string, file: string, flags: QuestionFlags, more: object = {}): Promise<StoreTransfer> =>
  sendHost<StoreTransfer>(controlOf(flags), 'POST', path, { file: resolve(file), ...more }, transferMsMax);

function numberOf(flag: string, text: string, expected: string): number {
  const number = Number(text);
  if (text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new ConfigurationFault(`${flag}: read '${text}', expected ${expected}`);
}

const ttlText = (seconds: number): string => (seconds === 0 ? 'never' : `in ${seconds} s`);
const clipped = (value: string): string =>
  value.length <= valueShownMax ? value : `${value.slice(0, valueShownMax)}... (${value.length} characters)`;

export function recordText({ table, name, key, owner, siblings, context, copies }: RecordShown): string {
  const several =
    siblings.length > 1 ? ` of ${siblings.length}, written apart: put with this context to replace them` : '';
  const lines = [
    `${name} in ${table}`,
    `  key      ${key}`,
    `  owner    ${owner.key} (host ${owner.host}, lane ${owner.lane})`,
    `  context  ${context === '' ? '-' : context}`,
  ];
  if (siblings.length === 0) lines.push('  no record');
  for (const [i, { value, ttlSeconds }] of siblings.entries())
    lines.push(`  value    ${value}  (expires ${ttlText(ttlSeconds)}${several === '' ? '' : `; ${i + 1}${several}`})`);
  for (const { host, state, sentence } of copies)
    lines.push(`  copy     host ${host}: ${state}${sentence === '' ? '' : ` (${sentence})`}`);
  return lines.join('\n');
}

export function scanText({ records, hosts, silent, damagedCount, next }: RecordsScanned): string {
  const rows = records.map((record) => [
    record.table,
    record.name,
    record.hosts.join(' '),
    new Set(record.versions).size === 1 ? '' : 'different',
    ttlText(record.ttlSeconds),
    record.isRemoved ? '(removed)' : clipped(record.value.replace('\u0001', '')),
  ]);
  const lines = [
    `${counted(records.length)} on ${hosts.length === 1 ? `host ${hosts[0]}` : `hosts ${hosts.join(', ')}`}`,
    ...silent.map(({ host, sentence }) => `host ${host} does not answer: ${sentence}`),
  ];
  if (damagedCount > 0) lines.push(`${damagedCount} damaged; they are healed from other hosts when they are read`);
  if (rows.length > 0) lines.push('', renderTable(['table', 'name', 'hosts', '', 'expires', 'value'], rows));
  if (next !== undefined) lines.push('', `There are more: --after ${next}`);
  return lines.join('\n');
}
