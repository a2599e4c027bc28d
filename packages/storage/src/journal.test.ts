// What the journal does beside the words that all stores share: group commit, damage, a disk that fails, deadlines while it is slow, compaction.
import type { RingKey } from '@chordial/ring-key';
import { expect, test } from 'vitest';
import { type Ask, JournalDesk, keyOf, recordNamed } from './journal.fixture.ts';
import { FrameWriter, frameHeaderBytes } from './journal-frames.ts';
import { JournalReader } from './journal-reader.ts';
import { JournalRecords } from './journal-records.ts';

const lowest = '0'.repeat(40) as RingKey;
const put = (name: string, value?: string, more = {}): Ask => ({
  type: 'write-record',
  ...recordNamed(name, value, more),
});
const get = (...names: string[]): Ask => ({ type: 'read-records', names: names.map((name) => [1, keyOf(name)]) });

function valuesOf(desk: JournalDesk, ...names: string[]): (string | undefined)[] {
  const event = desk.ask(get(...names));
  if (event.type !== 'records-read') throw new Error(JSON.stringify(event));
  return event.records.map((record) => record?.value);
}

function ready(options: ConstructorParameters<typeof JournalDesk>[1] = {}): JournalDesk {
  const desk = new JournalDesk(false, options);
  desk.settle();
  return desk;
}
const codeOf = (desk: JournalDesk, correlation: number): string | undefined => {
  const event = desk.answers.get(correlation);
  return event?.type === 'storage-failed' ? event.code : event?.type;
};
const journalFiles = (desk: JournalDesk): string[] =>
  [...desk.files.keys()].filter((name) => name.endsWith('.journal'));
const bytesOf = (desk: JournalDesk): number =>
  journalFiles(desk).reduce((sum, name) => sum + desk.files.get(name)!.length, 0);

test('an idle store writes nothing; writes that wait for an append share the next one', () => {
  const desk = ready();
  expect([...desk.files.keys()]).toEqual([]);
  desk.ask(put('first'));
  const correlations = Array.from({ length: 100 }, (_, n) => desk.send(put(`name-${n}`)));
  expect(desk.pending).toHaveLength(1);
  desk.work();
  expect(correlations.filter((one) => codeOf(desk, one) === 'records-written')).toHaveLength(1);
  expect(desk.pending).toHaveLength(1);
  desk.work();
  expect(correlations.filter((one) => codeOf(desk, one) === 'records-written')).toHaveLength(100);
});

test('a read of what is being written waits for it, another one does not', () => {
  const desk = ready();
  desk.ask(put('alice', 'old'));
  const write = desk.send(put('alice', 'new'));
  const [same, other] = [desk.send(get('alice')), desk.send(get('bob'))];
  expect([codeOf(desk, write), codeOf(desk, same), codeOf(desk, other)]).toEqual([
    undefined,
    undefined,
    'records-read',
  ]);
  desk.settle();
  expect(desk.answers.get(same)).toMatchObject({ records: [{ value: 'new' }] });
});

test('a full disk fails what waits with full, changes nothing, is told once, and goes on by itself', () => {
  const desk = ready();
  desk.ask(put('alice', 'old'));
  desk.failing = 'ENOSPC';
  desk.leftBytes = 1_000;
  const failed = [desk.send(put('alice', 'new')), desk.send(put('bob')), desk.send(get('alice'))];
  desk.settle();
  expect(failed.map((one) => codeOf(desk, one))).toEqual(['full', 'full', 'records-read']);
  expect(valuesOf(desk, 'alice', 'bob')).toEqual(['old', undefined]);
  expect(desk.ask(put('carol'))).toMatchObject({ type: 'storage-failed', code: 'full' });
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ trouble: expect.stringContaining('make room') });
  desk.failing = undefined;
  expect(desk.ask(put('dave'))).toMatchObject({ type: 'records-written' });
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ trouble: '' });
  expect(desk.news).toEqual([expect.stringContaining('full'), 'The store works again.']);
  // What was left of the append that failed is not read.
  desk.crash();
  expect(valuesOf(desk, 'alice', 'bob', 'carol', 'dave')).toEqual(['old', undefined, undefined, 'value']);
});

test('a disk that may not be written is read-only, and fails again and again without taking more files', () => {
  const desk = ready();
  desk.ask(put('alice'));
  desk.failing = 'EROFS';
  for (let i = 0; i < 200; i++)
    expect(desk.ask(put('bob'))).toMatchObject({ type: 'storage-failed', code: 'read-only' });
  desk.failing = 'EIO';
  expect(desk.ask(put('bob'))).toMatchObject({ type: 'storage-failed', code: 'failed' });
  desk.failing = undefined;
  expect(desk.ask(put('bob'))).toMatchObject({ type: 'records-written' });
  expect(journalFiles(desk).length).toBeLessThan(4);
});

test('jobs come before the journal is read: they wait, can be late, cancelled, or too many', () => {
  const desk = ready({ jobsMax: 3 });
  desk.ask(put('alice', 'kept'));
  desk.crash();
  const read = desk.send(get('alice'));
  const late = desk.send(put('late'), 50);
  const cancelled = desk.send(put('cancelled'));
  const tooMany = desk.send(put('too many'));
  desk.cancel(cancelled);
  desk.now += 60;
  desk.step({ type: 'store-due' });
  expect(codeOf(desk, tooMany)).toBe('busy');
  expect(codeOf(desk, late)).toBe('deadline');
  expect(codeOf(desk, cancelled)).toBe('cancelled');
  expect(codeOf(desk, read)).toBeUndefined();
  desk.settle();
  expect(desk.answers.get(read)).toMatchObject({ records: [{ value: 'kept' }] });
});

test('while the disk is slow, writes that have not begun run out of time, and those under way do not', () => {
  const desk = ready();
  desk.ask(put('first'));
  const begun = desk.send(put('alice'), 100);
  const late = desk.send(put('bob'), 100);
  const patient = desk.send(put('carol'));
  desk.now += 100;
  desk.step({ type: 'store-due' });
  expect([begun, late, patient].map((one) => codeOf(desk, one))).toEqual([undefined, 'deadline', undefined]);
  desk.settle();
  expect([begun, patient].map((one) => codeOf(desk, one))).toEqual(['records-written', 'records-written']);
  expect(valuesOf(desk, 'alice', 'bob', 'carol')).toEqual(['value', undefined, 'value']);
});

test('a disk that cannot be read fails what waits, and is tried again', () => {
  const desk = ready();
  desk.ask(put('alice', 'kept'));
  desk.crash();
  const waiting = desk.send(get('alice'));
  const [request] = desk.pending.splice(0);
  desk.step({ type: 'disk-failed', correlation: request!.correlation, code: 'EIO', sentence: 'EIO: read' });
  expect(codeOf(desk, waiting)).toBe('failed');
  desk.advance(10_000);
  expect(valuesOf(desk, 'alice')).toEqual(['kept']);
  expect(desk.news).toEqual([expect.stringContaining('cannot read'), 'The store works again.']);
});

test('a request that the disk never answers has failed after a minute, and what it does later harms nothing', () => {
  const desk = ready();
  desk.ask(put('alice', 'old'));
  const write = desk.send(put('alice', 'lost'));
  const [lost] = desk.pending.splice(0);
  desk.advance(70_000);
  expect(codeOf(desk, write)).toBe('failed');
  expect(desk.ask(put('bob'))).toMatchObject({ type: 'records-written' });
  desk.pending.push(lost!);
  desk.settle();
  desk.crash();
  expect(valuesOf(desk, 'alice', 'bob')).toEqual(['old', 'value']);
  // Also while the journal is read.
  desk.crash();
  const read = desk.send(get('alice'));
  desk.pending.splice(0);
  desk.advance(70_000);
  expect(codeOf(desk, read)).toBe('failed');
  expect(valuesOf(desk, 'alice', 'bob')).toEqual(['old', 'value']);
});

test('a damaged place in the middle is left out, counted and told; what follows is there', () => {
  for (let bit = 0; bit < 8; bit++) {
    const desk = ready();
    for (const name of ['alice', 'bob', 'carol']) desk.ask(put(name, `value of ${name}`));
    const [name] = journalFiles(desk);
    const bytes = desk.files.get(name!)!;
    // In the magic, the length, the checksum or the payload of the second frame.
    const at = 92 + bit * 5;
    bytes[at]! ^= 1 << bit;
    desk.crash();
    expect(valuesOf(desk, 'alice', 'bob', 'carol')).toEqual(['value of alice', undefined, 'value of carol']);
    expect(desk.ask({ type: 'describe-store' })).toMatchObject({ damagedCount: 1, recordsCount: 2 });
    expect(desk.news).toEqual([expect.stringContaining('damaged in one place')]);
  }
});

test('one damaged manifest is replaced by the other; with both the store serves nothing and says why', () => {
  for (const name of ['records.manifest', 'records.manifest-copy']) {
    const desk = ready();
    desk.ask(put('alice', 'kept'));
    desk.files.get(name)![3]! ^= 1;
    desk.crash();
    expect(valuesOf(desk, 'alice')).toEqual(['kept']);
    desk.ask(put('bob'));
    expect(desk.files.get('records.manifest')).toEqual(desk.files.get('records.manifest-copy'));
  }
  const desk = ready();
  desk.ask(put('alice', 'kept'));
  desk.files.get('records.manifest')![3]! ^= 1;
  desk.files.get('records.manifest-copy')![30]! ^= 1;
  desk.crash();
  expect(desk.ask(get('alice'))).toMatchObject({ type: 'storage-failed', code: 'failed' });
  expect(desk.ask(put('alice'))).toMatchObject({ type: 'storage-failed', code: 'failed' });
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ trouble: expect.stringContaining('manifest') });
});

test('a lost disk is an empty store', () => {
  const desk = ready();
  desk.ask(put('alice'));
  desk.files.clear();
  desk.crash();
  expect(valuesOf(desk, 'alice')).toEqual([undefined]);
});

test('the files stay below twice what the records need and a minimum, whatever is written over and over', () => {
  const desk = ready({ compactionBytesMin: 10_000 });
  for (let i = 0; i < 3_000; i++) desk.ask(put(`name-${i % 20}`, `${i} ${'x'.repeat(100)}`));
  desk.settle();
  expect(bytesOf(desk)).toBeLessThan(20_000);
  expect(journalFiles(desk).length).toBeLessThan(6);
  desk.crash();
  expect(valuesOf(desk, 'name-19')[0]).toMatch(/^2999 /);
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 20, damagedCount: 0 });
});

test('a disk on which appends fail and succeed in turns, and no snapshot succeeds, runs out of files, and goes on when one does', () => {
  const desk = ready();
  const codes: string[] = [];
  for (let i = 0; i < 300; i++) {
    desk.send(put('alice', `${i}`));
    for (let n = 0; n < 10 && desk.pending.length > 0; n++) {
      const snapshot = desk.pending.find(({ correlation }) => correlation === desk.state.snapshot?.correlation);
      const failing = snapshot ?? (i % 2 === 1 ? desk.pending.find(({ type }) => type === 'append-file') : undefined);
      if (failing === undefined) {
        desk.work();
        continue;
      }
      desk.pending.splice(desk.pending.indexOf(failing), 1);
      const { correlation } = failing;
      desk.step({ type: 'disk-failed', correlation, code: 'EIO', sentence: 'EIO: write' });
    }
    desk.settle();
    desk.now += 6_000;
    const last = desk.ask(get('alice'));
    codes.push(last.type === 'records-read' ? last.records[0]!.value : last.type);
  }
  expect(desk.news.join()).toContain('too many files');
  const value = codes.at(-1)!;
  desk.crash();
  expect(valuesOf(desk, 'alice')).toEqual([value]);
  expect(desk.ask(put('bob'))).toMatchObject({ type: 'records-written' });
  for (let i = 0; i < 20; i++) expect(desk.ask(put('bob', `${i}`))).toMatchObject({ type: 'records-written' });
  expect(desk.state.files.length).toBeLessThan(4);
});

test('a compaction that fails is tried again, and the service goes on', () => {
  const desk = ready({ compactionBytesMin: 1_000 });
  const isSnapshotting = (): boolean => desk.state.snapshot !== undefined;
  for (let i = 0; i < 1_000 && !isSnapshotting(); i++) {
    desk.send(put('alice', `${i}`));
    for (let n = 0; n < 5 && !isSnapshotting(); n++) desk.work();
  }
  const { correlation } = desk.state.snapshot!;
  desk.pending = desk.pending.filter((request) => request.correlation !== correlation);
  desk.step({ type: 'disk-failed', correlation, code: 'ENOSPC', sentence: 'ENOSPC: write' });
  expect(desk.ask(put('alice', 'after'))).toMatchObject({ type: 'records-written' });
  expect(desk.state.snapshot).toBeUndefined();
  desk.advance(10_000);
  for (let i = 0; i < 50; i++) desk.ask(put('alice', `${i}`));
  expect(bytesOf(desk)).toBeLessThan(4_000);
  desk.crash();
  expect(valuesOf(desk, 'alice')).toEqual(['49']);
});

test('what has expired stays away after a restart, also what it replaced', () => {
  const desk = ready();
  desk.ask(put('alice', 'for ever'));
  desk.ask(put('alice', 'short', { ttlMs: 1_000 }));
  desk.advance(2_000);
  desk.ask({ type: 'drop-expired', recordsMax: 10 });
  desk.crash();
  expect(valuesOf(desk, 'alice')).toEqual([undefined]);
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 0 });
});

test('an export may not take a name of the store, and memory has no files', () => {
  const desk = ready();
  desk.ask(put('alice'));
  for (const file of ['records.manifest', 'records-0.journal']) {
    expect(desk.ask({ type: 'export-store', file })).toMatchObject({ type: 'storage-failed', code: 'invalid' });
  }
  const memory = new JournalDesk(true);
  const asked: Ask[] = [
    { type: 'export-store', file: 'copy' },
    { type: 'import-store', file: 'copy' },
  ];
  for (const ask of asked) expect(memory.ask(ask)).toMatchObject({ type: 'storage-failed', code: 'invalid' });
});

test('a damaged export is refused as a whole', () => {
  const desk = ready();
  for (let i = 0; i < 50; i++) desk.ask(put(`name-${i}`));
  desk.ask({ type: 'export-store', file: 'copy' });
  desk.ask({ type: 'delete-range', from: lowest, to: lowest, table: 0 });
  const bytes = desk.files.get('copy')!;
  for (const change of [bytes.length - 60, 20]) {
    const damaged = bytes.slice();
    damaged[change]! ^= 1;
    desk.files.set('copy', damaged);
    expect(desk.ask({ type: 'import-store', file: 'copy' })).toMatchObject({ type: 'storage-failed', code: 'invalid' });
  }
  expect(desk.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 0 });
  desk.files.set('copy', bytes);
  expect(desk.ask({ type: 'import-store', file: 'copy' })).toMatchObject({ type: 'store-imported', recordsCount: 50 });
});

test('a store in memory has an end, too', () => {
  const desk = new JournalDesk(true, { bytesMax: 1_000 });
  const codes = Array.from({ length: 40 }, (_, n) => desk.ask(put(`name-${n}`)).type);
  expect(codes.filter((type) => type === 'storage-failed').length).toBeGreaterThan(10);
  desk.ask({ type: 'delete-range', from: lowest, to: lowest, table: 0 });
  expect(desk.ask(put('alice'))).toMatchObject({ type: 'records-written' });
});

test('a frame that somebody wrote into a value is not taken for one', () => {
  const inner = new FrameWriter();
  const bad = {
    table: 1,
    key: keyOf('mallory'),
    name: 'mallory',
    version: '',
    value: '',
    expiresAt: 0,
    bytes: 61,
    heapAt: -1,
  };
  inner.frame([{ kind: 'put', entry: bad }], 0, 0);
  const value = String.fromCharCode(...inner.bytes.subarray(0, inner.length));
  const outer = new FrameWriter();
  const entry = { ...bad, key: keyOf('a'), name: 'a', value, bytes: 400 };
  outer.frame([{ kind: 'put', entry }], 77, 0);
  outer.frame([{ kind: 'put', entry: { ...bad, name: 'last' } }], 77, outer.length);
  outer.bytes[frameHeaderBytes + 3]! ^= 1;
  const reader = new JournalReader(77);
  const names: string[] = [];
  reader.feed(outer.bytes, 0, outer.length, true, (changes) => {
    for (const change of changes) if (change.kind === 'put') names.push(change.entry.name);
  });
  expect([names, reader.damagedCount]).toEqual([['last'], 1]);
});

test('a journal is read the same in pieces of any size', () => {
  const writer = new FrameWriter();
  for (let i = 0; i < 20; i++) {
    const record = recordNamed(`näme ☎ ${i}`);
    const entry = { ...record, expiresAt: 1_800_000_000_123, bytes: 200, heapAt: -1 };
    writer.frame(
      [
        { kind: 'put', entry },
        { kind: 'remove', table: 2, key: record.key },
      ],
      5,
      writer.length,
    );
  }
  for (const size of [1, 7, 100, 5_000]) {
    const reader = new JournalReader(5);
    const names: string[] = [];
    for (let at = 0; at < writer.length; at += size) {
      const end = Math.min(writer.length, at + size);
      reader.feed(writer.bytes, at, end, end === writer.length, ([change]) => {
        if (change?.kind === 'put') names.push(`${change.entry.name} ${change.entry.expiresAt}`);
      });
    }
    expect(names).toEqual(Array.from({ length: 20 }, (_, i) => `näme ☎ ${i} 1800000000123`));
    expect(reader.tornBytes).toBe(0);
  }
});

test('an empty store of a peer takes little memory', () => {
  const records = new JournalRecords();
  expect([records.recordsCount, records.soonest, records.nextBucket(0)]).toEqual([0, undefined, undefined]);
});
