// Every job with every part of every type: both stores answer or drop it, and nothing throws. And jobs of other hosts, which are not done.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, type Behaviour, makeAddress, nobody } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jobFault } from './job-fault.ts';
import { journalStore } from './journal.ts';
import { type StorageEvent, type StorageJob, type StorageMessage, type StorageNews, storageWords } from './protocol.ts';
import { nameOf, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { storeLimits, storePort } from './store-port.ts';

const jobTypes = [
  'read-records',
  'write-record',
  'write-records',
  'scan-range',
  'digest-buckets',
  'delete-range',
  'drop-expired',
  'export-store',
  'import-store',
  'describe-store',
  'cancel-job',
] as const;
const well = record('alice');
const self = makeAddress<StorageMessage>(3, 1, 23);
const client = makeAddress<StorageEvent>(3, 1, 40);
const fitting: Readonly<Record<string, unknown>> = {
  ...well,
  from: well.key,
  to: ringKeyFromText('bob'),
  after: undefined,
  recordsMax: 10,
  first: 0,
  bucketsMax: 10,
  withinMs: 0,
  correlation: 7,
  replyTo: client,
  names: [nameOf(well)],
  records: [well],
  removals: [nameOf(record('bob'))],
  file: '/nonexistent/folder/file',
};
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    '5',
    5,
    -1,
    2 ** 53,
    Number.NaN,
    true,
    [],
    [[]],
    [null],
    {},
    'f'.repeat(40),
  ),
  fc.constantFrom<unknown>([[1, null]], [[1]], [['1', well.key]], [{ ...well, value: 5 }], [{ ...well, ttlMs: '5' }]),
  fc.constantFrom<unknown>([5, well.key], [{}], [undefined], new Uint8Array(3), { length: 2 }, '\ud800', 1e300),
);
const anyJob = fc
  .tuple(fc.constantFrom(...jobTypes), fc.array(fc.tuple(fc.nat(9), odd), { maxLength: 4 }))
  .map(([type, changes]) => {
    const fields = storageWords[type].slice(1) as string[];
    const job: Record<string, unknown> = { type };
    for (const field of fields) job[field] = fitting[field];
    for (const [at, value] of changes) job[fields[at % fields.length]!] = value;
    return job as unknown as StorageJob;
  });

type Stepping = (message: StorageMessage, from?: Address<never>) => { to: number; message: { type: string } }[];

/** A store by itself; what it sends in a step, with all that it had to do. */
function stepping<State, Config>(behaviour: Behaviour<State, StorageMessage, Config>, config: Config): Stepping {
  let sent: { to: number; message: { type: string } }[] = [];
  const own: StorageMessage[] = [];
  const out = {
    send: (to: number, message: StorageMessage) => {
      if (to === self) own.push(message);
      else sent.push({ to, message });
    },
    setTimer: (_: number, message: StorageMessage) => own.push(message),
    clearTimer: () => {},
    spawn: () => nobody,
    stop: () => {},
  } as unknown as Parameters<typeof behaviour.init>[2];
  const state = behaviour.init(config, { self, now: 0, seed: 1 }, out);
  return (message, from = client as Address<never>) => {
    sent = [];
    behaviour.step(state, { now: 1, from, message }, out);
    for (let i = 0; i < 20 && own.length > 0; i++) {
      behaviour.step(state, { now: 1, from: self as Address<never>, message: own.shift()! }, out);
    }
    return sent;
  };
}

function withStores(check: (steps: readonly Stepping[]) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'chordial-fault-'));
  const engine = new SqliteEngine({ file: join(folder, 'records.sqlite') });
  const owner = makeAddress<StorageNews>(3, 1, 41);
  try {
    check([
      stepping(storePort, { ...storeLimits, engine, startedAt: 1_000_000, owner }),
      stepping(journalStore, { disk: undefined, startedAt: 1_000_000, owner }),
    ]);
  } finally {
    engine.close();
    rmSync(folder, { recursive: true });
  }
}

test('no job of any types makes a store throw, and each that can be answered is', () => {
  withStores((steps) => {
    const check = (job: StorageJob): void => {
      jobFault(job);
      for (const step of steps) {
        const answers = step(job).filter(({ to }) => to === client);
        if (job.replyTo === client && (job.type as string) !== 'cancel-job') {
          expect(answers.length).toBeGreaterThan(0);
        }
      }
    };
    fc.assert(fc.property(anyJob, check), { numRuns: 2_000 });
  });
});

test('jobs of other hosts are dropped', () => {
  withStores((steps) => {
    const { key } = well;
    const elsewhere = makeAddress<StorageEvent>(4, 0, 40);
    const base = { replyTo: elsewhere, correlation: 1, withinMs: 0 } as const;
    for (const step of steps) {
      step({ type: 'write-record', ...base, ...well, replyTo: client });
      for (const job of [
        { type: 'delete-range', ...base, from: key, to: key, table: 0 },
        { type: 'write-record', ...base, ...well, value: 'of another' },
        { type: 'export-store', ...base, file: '/nonexistent' },
      ] as const) {
        for (const from of [elsewhere as Address<never>, nobody]) expect(step(job, from)).toEqual([]);
      }
      const answers = step({ type: 'read-records', ...base, names: [nameOf(well)], replyTo: client });
      expect(answers).toMatchObject([{ to: client, message: { type: 'records-read', records: [well] } }]);
    }
  });
});
