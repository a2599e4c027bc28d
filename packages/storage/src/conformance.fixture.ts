// What holds for every store, whatever keeps its records: journal, memory, SQLite, PostgreSQL. `x.conformance.test.ts` of an engine calls
// `storeConformance` with a way to start it.
import { ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bucketsCount } from './digest.ts';
import { recordsPerJobMax, scanCharactersMax, valueCharactersMax } from './limits.ts';
import type { RecordName, StorageEvent, StoredRecord } from './protocol.ts';
import { get, nameOf, put, putAll, record } from './records.fixture.ts';
import { type Asked, StoreLane } from './store-lane.fixture.ts';
import { carriedOut, clockwise, digestsOf } from './store-model.fixture.ts';

export interface StoreMaker {
  readonly name: string;
  /** Whether records are there after `stop` and `start`. */
  readonly isDurable: boolean;
  /** False where there is no place to export to. */
  readonly hasFiles?: boolean;
  /** An empty place: a folder, a schema, a number. */
  newPlace(): Promise<string> | string;
  /** Starts the store of a place on a lane and sets `lane.store`. */
  start(lane: StoreLane, place: string, options: { readonly jobsMax?: number }): Promise<void> | void;
  /** Ends it as a process ends that had time to. */
  stop(lane: StoreLane): Promise<void> | void;
  /** What `export-store` calls the file `name`: any engine of this run can read it. */
  exportName(place: string, name: string): string;
  removePlace(place: string): Promise<void> | void;
}

const from = ringKeyFromText('somewhere');

/** Every record of a range, page by page. */
export async function scanAll(lane: StoreLane, range: Partial<Extract<Asked, { type: 'scan-range' }>> = {}) {
  const records: StoredRecord[] = [];
  let after: RecordName | undefined;
  let pagesCount = 0;
  do {
    const page = await lane.ask({ type: 'scan-range', from, to: from, table: 0, recordsMax: 50, ...range, after });
    if (page.type !== 'range-scanned') throw new Error(JSON.stringify(page));
    records.push(...page.records);
    after = page.next;
    pagesCount++;
  } while (after !== undefined);
  return { records, pagesCount };
}

export function storeConformance(maker: StoreMaker): void {
  describe(maker.name, () => {
    let place: string;
    let lane: StoreLane;
    const begin = async (options: { readonly jobsMax?: number } = {}) => {
      lane = new StoreLane();
      await maker.start(lane, place, options);
    };
    const restart = async (options = {}) => {
      await maker.stop(lane);
      await begin(options);
    };
    const valuesOf = async (...names: RecordName[]) => {
      const event = await lane.ask(get(...names));
      return event.type === 'records-read' ? event.records.map((found) => found?.value) : event;
    };

    beforeEach(async () => {
      place = await maker.newPlace();
      await begin();
    });
    afterEach(async () => {
      await maker.stop(lane);
      await maker.removePlace(place);
      expect(lane.failures).toEqual([]);
    });

    test('writes, reads back, replaces and removes; what is not there is undefined', async () => {
      const alice = record('alice', { value: 'Grüße ☎ \u{1f514} \0 "\\' });
      const bob = record('bob');
      expect(await lane.ask(put(alice))).toMatchObject({ type: 'records-written' });
      expect(await lane.ask(get(nameOf(bob), nameOf(alice), [2, alice.key]))).toMatchObject({
        type: 'records-read',
        records: [undefined, alice, undefined],
        damaged: [],
      });
      const newer = { ...alice, version: '2', value: '' };
      await lane.ask(putAll([newer, bob, { ...alice, table: 255 }]));
      expect(await valuesOf(nameOf(alice), nameOf(bob), [255, alice.key])).toEqual(['', bob.value, alice.value]);
      await lane.ask(putAll([], [nameOf(alice), nameOf(record('nobody'))]));
      expect(await valuesOf(nameOf(alice), nameOf(bob))).toEqual([undefined, bob.value]);
      expect(await lane.ask({ type: 'describe-store' })).toMatchObject({
        type: 'store-described',
        recordsCount: 2,
        damagedCount: 0,
        trouble: '',
      });
    });

    test('jobs of one turn are carried out in their order, and reads see the writes before them', async () => {
      const alice = record('alice');
      const events = await lane.askAll([
        get(nameOf(alice)),
        put(alice),
        get(nameOf(alice)),
        put({ ...alice, version: '2', value: 'second' }),
        put(record('bob')),
        get(nameOf(record('bob')), nameOf(alice)),
        putAll([], [nameOf(alice)]),
        get(nameOf(alice)),
        put({ ...alice, version: '3', value: 'third' }),
      ]);
      const seen = (event: StorageEvent) => (event.type === 'records-read' ? event.records : event.type);
      expect(seen(events[2]!)).toEqual([alice]);
      expect(seen(events[5]!)).toEqual([record('bob'), { ...alice, version: '2', value: 'second' }]);
      expect(seen(events[7]!)).toEqual([undefined]);
      expect(await valuesOf(nameOf(alice), nameOf(record('bob')))).toEqual(['third', record('bob').value]);
      expect(lane.answered).toEqual([...lane.answered].sort((a, b) => a - b));
    });

    test('a scan goes clockwise through the place where keys begin again, page by page, of one table or all', async () => {
      const records = Array.from({ length: 300 }, (_, i) => record(`user${i}`, { table: 1 + (i % 3) }));
      records.push(...records.slice(0, 50).map((one) => ({ ...one, table: 9 })));
      await lane.ask(putAll(records));
      const inOrder = [...records].sort(clockwise(from));
      const whole = await scanAll(lane);
      expect(whole.records).toEqual(inOrder);
      expect(whole.pagesCount).toBe(7);
      expect((await scanAll(lane, { table: 2 })).records).toEqual(inOrder.filter(({ table }) => table === 2));
      const [low, high] = [records[10]!.key, records[20]!.key].sort() as [typeof from, typeof from];
      const inside = inOrder.filter(({ key }) => key > low && key <= high).sort(clockwise(low));
      const outside = inOrder.filter(({ key }) => !(key > low && key <= high)).sort(clockwise(high));
      expect((await scanAll(lane, { from: low, to: high, recordsMax: 7 })).records).toEqual(inside);
      expect((await scanAll(lane, { from: high, to: low, recordsMax: 7 })).records).toEqual(outside);
      // Between two tables of one key there is a place, too.
      expect((await scanAll(lane, { recordsMax: 1 })).records).toEqual(inOrder);
    });

    test('a page has about so many characters, but always something', async () => {
      const records = Array.from({ length: 20 }, (_, i) =>
        record(`user${i}`, { value: 'x'.repeat(valueCharactersMax / 4) }),
      );
      for (const one of records) await lane.ask(put(one));
      const page = await lane.ask({
        type: 'scan-range',
        from,
        to: from,
        table: 0,
        after: undefined,
        recordsMax: 1_000,
      });
      if (page.type !== 'range-scanned') throw new Error(page.type);
      const characters = page.records.reduce((sum, { value }) => sum + value.length, 0);
      expect(characters).toBeGreaterThan(0);
      expect(characters).toBeLessThanOrEqual(scanCharactersMax + valueCharactersMax);
      expect((await scanAll(lane, { recordsMax: 1_000 })).records).toHaveLength(20);
    });

    test('an expired record is nowhere to be seen, and dropped when asked', async () => {
      await lane.ask(putAll([record('short', { ttlMs: 60_000 }), record('long', { ttlMs: 600_000 }), record('ever')]));
      const read = await lane.ask(get(nameOf(record('short'))));
      const left = read.type === 'records-read' ? read.records[0]!.ttlMs : 0;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_001);
      lane.advance(120_000);
      expect(await valuesOf(nameOf(record('short')), nameOf(record('long')))).toEqual([undefined, 'value of long']);
      expect((await scanAll(lane)).records.map(({ name }) => name).sort()).toEqual(['ever', 'long']);
      expect(await lane.ask({ type: 'drop-expired', recordsMax: 10 })).toMatchObject({
        type: 'expired-dropped',
        dropped: [[1, ringKeyFromText('short'), '1']],
        hasMore: false,
      });
      const rest = [record('long'), record('ever')];
      expect(await lane.ask({ type: 'digest-buckets', first: 0, bucketsMax: bucketsCount })).toMatchObject({
        buckets: digestsOf(rest),
        next: bucketsCount,
      });
      // A record that is written again lives as long as the new one.
      await lane.ask(put(record('long')));
      lane.advance(10_000_000);
      expect(await valuesOf(nameOf(record('long')))).toEqual(['value of long']);
    });

    test('expired records are dropped a few at a time', async () => {
      await lane.ask(putAll(Array.from({ length: 25 }, (_, i) => record(`user${i}`, { ttlMs: 1_000 + i }))));
      lane.advance(5_000);
      const counts: number[] = [];
      for (let hasMore = true; hasMore; ) {
        const event = await lane.ask({ type: 'drop-expired', recordsMax: 10 });
        if (event.type !== 'expired-dropped') throw new Error(event.type);
        counts.push(event.dropped.length);
        hasMore = event.hasMore;
      }
      expect(counts).toEqual([10, 10, 5]);
      expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 0 });
    });

    test('digests are those of the records, for any run of buckets', async () => {
      const records = Array.from({ length: 200 }, (_, i) => record(`user${i}`, { table: 1 + (i % 2) }));
      await lane.ask(putAll(records));
      const newer = { ...records[3]!, version: '7' };
      await lane.ask(putAll([newer], [nameOf(records[4]!)]));
      const kept = [newer, ...records.filter((_, i) => i !== 3 && i !== 4)];
      const all: unknown[] = [];
      for (let first = 0; first < bucketsCount; ) {
        const event = await lane.ask({ type: 'digest-buckets', first, bucketsMax: 10_000 });
        if (event.type !== 'buckets-digested') throw new Error(event.type);
        all.push(...event.buckets);
        expect(event.next).toBeGreaterThan(first);
        first = event.next;
      }
      expect(all).toEqual(digestsOf(kept));
    });

    test('a range is deleted as a whole, of one table or all; what is written after it stays', async () => {
      const records = Array.from({ length: 400 }, (_, i) => record(`user${i}`, { table: 1 + (i % 2) }));
      await lane.ask(putAll(records));
      const [a, b] = [ringKeyFromText('a'), ringKeyFromText('b')].sort() as [typeof from, typeof from];
      const outside = records.filter(({ key }) => !(key > a && key <= b));
      const deleted = await lane.ask({ type: 'delete-range', from: a, to: b, table: 0 });
      expect(deleted).toMatchObject({ type: 'range-deleted', recordsCount: 400 - outside.length });
      expect((await scanAll(lane)).records).toEqual([...outside].sort(clockwise(from)));
      const ofTable1 = outside.filter(({ table }) => table === 1).length;
      const events = await lane.askAll([
        { type: 'delete-range', from: b, to: a, table: 1 },
        put(record('after')),
        { type: 'describe-store' },
      ]);
      expect(events[0]).toMatchObject({ type: 'range-deleted', recordsCount: ofTable1 });
      expect(events[2]).toMatchObject({ recordsCount: outside.length - ofTable1 + 1 });
      const all = await lane.ask({ type: 'delete-range', from: b, to: b, table: 0 });
      expect(all).toMatchObject({ type: 'range-deleted', recordsCount: outside.length - ofTable1 + 1 });
    });

    test('what cannot be a job is refused with a sentence, and nothing of it is done', async () => {
      const alice = record('alice');
      const bad: Asked[] = [
        put({ ...alice, table: 0 }),
        put({ ...alice, table: 256 }),
        put({ ...alice, key: 'ABC' as typeof alice.key }),
        put({ ...alice, value: 'x'.repeat(valueCharactersMax + 1) }),
        put({ ...alice, ttlMs: -1 }),
        put({ ...alice, ttlMs: Number.NaN }),
        put({ ...alice, value: 'half \ud800 pair' }),
        putAll([record('bob'), { ...alice, table: 1.5 }]),
        putAll(Array.from({ length: recordsPerJobMax + 1 }, (_, i) => record(`user${i}`))),
        get([0, alice.key]),
        { type: 'scan-range', from, to: from, table: 300, after: undefined, recordsMax: 10 },
        { type: 'scan-range', from, to: from, table: 0, after: undefined, recordsMax: 0 },
        { type: 'digest-buckets', first: -1, bucketsMax: 10 },
        { type: 'drop-expired', recordsMax: 0.5 },
      ];
      for (const event of await lane.askAll(bad))
        expect(event).toMatchObject({ type: 'storage-failed', code: 'invalid' });
      expect((await scanAll(lane)).records).toEqual([]);
    });

    test('jobs can be late, cancelled, or too many; each is answered once', async () => {
      const late = lane.begin({ ...put(record('late')), withinMs: 1_000 });
      const inTime = lane.begin({ ...put(record('in time')), withinMs: 1_000_000 });
      const ever = lane.begin(put(record('ever')));
      const cancelled = lane.begin(put(record('cancelled')));
      lane.cancel(cancelled.correlation);
      const events = await lane.until(Promise.all([inTime, ever, cancelled].map(({ event }) => event)));
      expect(events.map((event) => (event.type === 'storage-failed' ? event.code : event.type))).toEqual([
        'records-written',
        'records-written',
        'cancelled',
      ]);
      expect((await lane.until(late.event)).type).toMatch(/records-written|storage-failed/);
      // A job that is over is not there to be cancelled.
      lane.cancel(ever.correlation);
      expect(await valuesOf(nameOf(record('ever')), nameOf(record('cancelled')))).toEqual(['value of ever', undefined]);
      expect(new Set(lane.answered).size).toBe(lane.answered.length);

      await restart({ jobsMax: 10 });
      const many = await lane.askAll(Array.from({ length: 30 }, (_, i) => put(record(`user${i}`))));
      const codes = many.map((event) => (event.type === 'storage-failed' ? event.code : event.type));
      expect(codes.filter((code) => code === 'records-written').length).toBeGreaterThanOrEqual(10);
      expect(new Set(codes)).toEqual(new Set(['records-written', 'busy']));
      expect(await lane.ask(put(record('again')))).toMatchObject({ type: 'records-written' });
    });

    const whereFiles = maker.hasFiles === false ? undefined : test;
    whereFiles?.(
      'an exported file has everything, may be taken while writes go on, and adds only what is not there',
      async () => {
        const records = Array.from({ length: 1_700 }, (_, i) =>
          record(`user${i}`, { value: `"${i}" \n ☎`, ttlMs: i % 10 === 0 ? 100_000 : 0 }),
        );
        await lane.ask(putAll(records.slice(0, 1_000)));
        await lane.ask(putAll(records.slice(1_000)));
        const file = maker.exportName(place, 'copy.records');
        const [exported] = await lane.askAll([
          { type: 'export-store', file },
          put({ ...records[1]!, version: '2', value: 'later' }),
          putAll([], [nameOf(records[2]!)]),
        ]);
        expect(exported).toMatchObject({ type: 'store-exported', recordsCount: 1_700, file });
        await lane.ask({ type: 'delete-range', from, to: from, table: 0 });
        await lane.ask(put({ ...records[5]!, version: '9', value: 'stays' }));
        lane.advance(200_000);
        const lasting = records.filter(({ ttlMs }) => ttlMs === 0).length;
        expect(await lane.ask({ type: 'import-store', file })).toMatchObject({
          type: 'store-imported',
          recordsCount: lasting - 1,
        });
        expect((await scanAll(lane)).records).toHaveLength(lasting);
        expect(await valuesOf(nameOf(records[1]!), nameOf(records[5]!), nameOf(records[10]!))).toEqual([
          records[1]!.value,
          'stays',
          undefined,
        ]);
        const missing = await lane.ask({ type: 'import-store', file: maker.exportName(place, 'missing.records') });
        expect(missing).toMatchObject({ type: 'storage-failed', code: 'invalid' });
      },
    );

    const whereDurable = maker.isDurable ? test : undefined;
    whereDurable?.('everything acknowledged is there after a restart', async () => {
      const records = Array.from({ length: 500 }, (_, i) => record(`user${i}`, { ttlMs: i % 2 === 0 ? 0 : 100_000 }));
      await lane.ask(putAll(records));
      await lane.ask(putAll([{ ...records[0]!, version: '2', value: 'second' }], [nameOf(records[2]!)]));
      await restart();
      expect(await valuesOf(nameOf(records[0]!), nameOf(records[2]!), nameOf(records[3]!))).toEqual([
        'second',
        undefined,
        records[3]!.value,
      ]);
      expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 499 });
      const { buckets } = (await lane.ask({ type: 'digest-buckets', first: 0, bucketsMax: bucketsCount })) as {
        buckets: unknown;
      } & StorageEvent;
      expect(buckets).toEqual(
        digestsOf([{ ...records[0]!, version: '2' }, ...records.slice(1).filter((_, i) => i !== 1)]),
      );
    });

    test('a naive map and the store are the same after any jobs', async () => {
      const text = fc.string({ maxLength: 12, unit: 'grapheme' });
      const name = fc.integer({ min: 0, max: 12 }).map((n) => `user${n}`);
      const stored = fc
        .record({ name, table: fc.integer({ min: 1, max: 2 }), version: text, value: text })
        .map(({ name: of, ...rest }) => record(of, rest));
      const job = fc.oneof(
        { weight: 5, arbitrary: stored.map(put) },
        {
          weight: 2,
          arbitrary: fc
            .tuple(fc.array(stored, { maxLength: 4 }), fc.array(stored, { maxLength: 2 }))
            .map(([a, b]) => putAll(a, b.map(nameOf))),
        },
        { weight: 2, arbitrary: fc.array(stored, { maxLength: 3 }).map((names) => get(...names.map(nameOf))) },
        {
          weight: 1,
          arbitrary: fc.tuple(name, name, fc.integer({ min: 0, max: 2 })).map(
            ([a, b, table]): Asked => ({
              type: 'delete-range',
              from: ringKeyFromText(a),
              to: ringKeyFromText(b),
              table,
            }),
          ),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(job, { maxLength: 8 }), { maxLength: 6 }), async (turns) => {
          await lane.ask({ type: 'delete-range', from, to: from, table: 0 });
          const model = new Map<string, StoredRecord>();
          for (const jobs of turns) {
            const expected = jobs.map((one) => carriedOut(model, one));
            const events = await lane.askAll(jobs);
            expect(events.map((event) => (event.type === 'records-read' ? event.records : event.type))).toEqual(
              expected,
            );
          }
          const kept = [...model.values()];
          expect((await scanAll(lane)).records).toEqual(kept.sort(clockwise(from)));
          const digests = await lane.ask({ type: 'digest-buckets', first: 0, bucketsMax: bucketsCount });
          expect(digests).toMatchObject({ buckets: digestsOf(kept) });
          expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: kept.length });
        }),
        { numRuns: 30 },
      );
    });
  });
}
