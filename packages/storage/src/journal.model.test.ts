// The journal against a naive Map, with a disk that crashes, tears and fails in between: what was acknowledged is there, what failed is not, and
// of what was under way at a crash a beginning may be there, each job wholly or not at all.
import type { RingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ask, JournalDesk, keyOf, recordNamed } from './journal.fixture.ts';
import type { StoredRecord } from './protocol.ts';

const names = Array.from({ length: 12 }, (_, n) => `name-${n}`);
const lowest = '0'.repeat(40) as RingKey;

type Act =
  | { do: 'write'; name: number; table: number; value: number; ttlMs: number }
  | { do: 'batch'; names: number[]; removals: number[] }
  | { do: 'range'; from: number; to: number; table: number }
  | { do: 'work'; count: number; choice: number }
  | { do: 'crash'; reach: number }
  | { do: 'fail'; code: string | undefined; left: number }
  | { do: 'pass'; ms: number }
  | { do: 'drop' };

const place = fc.nat(names.length - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      name: place,
      table: fc.integer({ min: 1, max: 2 }),
      value: fc.nat(1_000),
      ttlMs: fc.constantFrom(0, 0, 50, 5_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      names: fc.array(place, { maxLength: 5 }),
      removals: fc.array(place, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('range' as const), from: place, to: place, table: fc.nat(2) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('work' as const),
      count: fc.integer({ min: 1, max: 8 }),
      choice: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), reach: fc.nat(400) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      code: fc.constantFrom('ENOSPC', 'EROFS', 'EIO', undefined),
      left: fc.nat(300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(8_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'drop' as const }) },
);

interface Kept {
  record: StoredRecord;
  /** By the desk's clock; Infinity for never. */
  expiresAt: number;
}
type Model = Map<string, Kept>;
const idOf = (table: number, key: string): string => `${key}/${table}`;

function applied(model: Model, job: Ask, at: number): Model {
  const next = new Map(model);
  const put = (record: StoredRecord): void => {
    const expiresAt = record.ttlMs === 0 ? Number.POSITIVE_INFINITY : at + record.ttlMs;
    next.set(idOf(record.table, record.key), { record, expiresAt });
  };
  if (job.type === 'write-record') put(job);
  if (job.type === 'write-records') {
    for (const record of job.records) put(record);
    for (const [table, key] of job.removals) next.delete(idOf(table, key));
  }
  if (job.type === 'delete-range') {
    for (const [id, { record }] of model) {
      const { key } = record;
      const { from, to } = job;
      const isIn = from < to ? from < key && key <= to : key > from || key <= to;
      if (isIn && (job.table === 0 || job.table === record.table)) next.delete(id);
    }
  }
  return next;
}

/** What can be seen, in order. */
function seen(model: Model, now: number): string[] {
  const alive = [...model].filter(([, { expiresAt }]) => expiresAt > now);
  return alive.map(([id, { record }]) => `${id}=${record.value}`).sort();
}

function scanned(desk: JournalDesk): string[] {
  const found: string[] = [];
  let after: readonly [number, RingKey] | undefined;
  do {
    const page = desk.ask({ type: 'scan-range', from: lowest, to: lowest, table: 0, after, recordsMax: 5 });
    if (page.type !== 'range-scanned') throw new Error(JSON.stringify(page));
    found.push(...page.records.map((record) => `${idOf(record.table, record.key)}=${record.value}`));
    after = page.next;
  } while (after !== undefined);
  return found;
}

interface Sent {
  readonly job: Ask;
  readonly correlation: number;
  readonly at: number;
}

function play(acts: readonly Act[]): void {
  const desk = new JournalDesk(false, { compactionBytesMin: 300 });
  let model: Model = new Map();
  /** Not answered yet, in order. */
  let waiting: Sent[] = [];
  /** Failed since the last success: a crash may find them in the file, as far as their append got. */
  let failed: Sent[] = [];
  desk.settle();
  let value = 0;
  const send = (job: Ask): void => {
    waiting.push({ job, correlation: desk.send(job), at: desk.now });
    hear();
  };
  const hear = (): void => {
    for (const sent of [...waiting]) {
      const answer = desk.answers.get(sent.correlation);
      if (answer === undefined) continue;
      waiting = waiting.filter((one) => one !== sent);
      if (answer.type === 'storage-failed') {
        failed.push(sent);
      } else {
        model = applied(model, sent.job, sent.at);
        failed = [];
      }
    }
  };
  for (const one of acts) {
    if (one.do === 'write') {
      send({
        type: 'write-record',
        ...recordNamed(names[one.name]!, `${value++}`, { table: one.table, ttlMs: one.ttlMs }),
      });
    } else if (one.do === 'batch') {
      const records = [...new Set(one.names)].map((name) => recordNamed(names[name]!, `${value++}`));
      const removals = [...new Set(one.removals)].filter((name) => !one.names.includes(name));
      send({ type: 'write-records', records, removals: removals.map((name) => [1, keyOf(names[name]!)]) });
    } else if (one.do === 'range') {
      send({ type: 'delete-range', from: keyOf(names[one.from]!), to: keyOf(names[one.to]!), table: one.table });
    } else if (one.do === 'work') {
      for (let i = 0; i < one.count; i++) {
        desk.work(one.choice);
        hear();
      }
      const found = scanned(desk);
      hear();
      expect(found).toEqual(seen(model, desk.now));
    } else if (one.do === 'pass') {
      desk.settle();
      hear();
      desk.advance(one.ms);
      hear();
    } else if (one.do === 'fail') {
      desk.failing = one.code;
      desk.leftBytes = one.left;
    } else if (one.do === 'drop') {
      desk.ask({ type: 'drop-expired', recordsMax: 3 });
      hear();
    } else {
      desk.failing = undefined;
      desk.crash((bytes) => Math.min(bytes, one.reach));
      desk.settle();
      const found = scanned(desk);
      const possible = [seen(model, desk.now)];
      const models = [model];
      for (const list of [waiting, failed]) {
        let after = model;
        for (const { job, at } of list) {
          after = applied(after, job, at);
          models.push(after);
          possible.push(seen(after, desk.now));
        }
      }
      const at = possible.findIndex((one) => one.join() === found.join());
      expect(at, `${found.join()} is none of ${JSON.stringify(possible)}`).toBeGreaterThanOrEqual(0);
      model = models[at]!;
      waiting = [];
      failed = [];
    }
  }
  desk.failing = undefined;
  desk.settle();
  desk.advance(20_000);
  hear();
  expect(waiting).toEqual([]);
  const before = seen(model, desk.now);
  expect(scanned(desk)).toEqual(before);
  desk.ask({ type: 'write-records', records: [], removals: [[1, lowest]] });
  desk.crash();
  desk.settle();
  expect(scanned(desk)).toEqual(before);
  expect(desk.state.damagedCount).toBe(0);
}

test('whatever crashes and fails, the journal has what it acknowledged', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 150, size: 'max' }), (acts) => play(acts)),
    { numRuns: 400 },
  );
});
