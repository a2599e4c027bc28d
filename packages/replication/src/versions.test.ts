// Versions by example: how long copies live, what is bounded, and what a coordinator asks of them.
import { ringKeyFromText } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  contextOf,
  copyFault,
  counterOf,
  fateOf,
  isContext,
  isCrowded,
  mergedCopy,
  siblingsCharactersMax,
  siblingsCharactersWrittenMax,
  siblingsOf,
  siblingsWrittenMax,
  tombstoneMarginMs,
  tombstoneMs,
  withRemoval,
  withWrite,
} from './versions.ts';
import { siblingsMax, sitesMax } from './versions-text.ts';

const named = { table: 1, key: ringKeyFromText('alice'), name: 'alice' };
const hourMs = 3_600_000;
const write = (context: string, site: number, counter: number, value = 'v', ttlMs = hourMs) =>
  withWrite(undefined, named, context, { site, counter }, value, ttlMs);
const values = (record: StoredRecord) => siblingsOf(record).map(({ value }) => value);

describe('writes', () => {
  it('a write supersedes what its context has seen, and only that', () => {
    const first = write('', 1, 10, 'a');
    const beside = write('', 2, 20, 'b');
    const both = mergedCopy(first, beside);
    expect(values(both)).toEqual(['a', 'b']);
    expect(values(mergedCopy(both, write(contextOf(first.version), 1, 30, 'c')))).toEqual(['b', 'c']);
    expect(values(mergedCopy(both, write(contextOf(both.version), 1, 30, 'c')))).toEqual(['c']);
  });

  it('one value is kept as it is, and the usual successor is returned itself', () => {
    const first = write('', 10, 36, 'plain');
    expect(first).toEqual({ ...named, version: '|a.10', value: 'plain', ttlMs: hourMs });
    const next = write(contextOf(first.version), 10, 37, 'next');
    expect(next.version).toBe('a.10|a.11');
    expect(mergedCopy(first, next)).toBe(next);
    expect(mergedCopy(next, first)).toBe(next);
    expect(mergedCopy(next, { ...next })).toBe(next);
  });

  it('the latest write is the last sibling, whichever site it came from', () => {
    expect(values(mergedCopy(write('', 9, 5, 'early'), write('', 1, 6, 'late')))).toEqual(['early', 'late']);
  });

  it('a value that looks like a list of siblings is none', () => {
    const text = '\u00011.0|x';
    expect(values(write('', 1, 1, text))).toEqual([text]);
  });

  it('a coordinator whose clock went back still counts above the context', () => {
    const first = write('', 3, 500, 'a');
    const next = write(contextOf(first.version), 3, 20, 'b');
    expect(values(mergedCopy(first, next))).toEqual(['b']);
  });

  it('and it sees that a write without a context was counted too low', () => {
    const kept = mergedCopy(write('', 3, 500, 'a'), write('3.dw', 3, 501, 'b'));
    const lost = write('', 3, 20, 'c');
    const after = mergedCopy(kept, lost).version;
    expect(fateOf(after, { site: 3, counter: 20 })).toBe('superseded');
    expect(fateOf(after, { site: 3, counter: 501 })).toBe('held');
    expect(fateOf(after, { site: 4, counter: 1 })).toBe('unseen');
    expect(counterOf(after, 3)).toBe(501);
    expect(counterOf(after, 4)).toBe(-1);
  });
});

describe('removals', () => {
  it('a removal leaves a tombstone without siblings that keeps the removed value away', () => {
    const first = write('', 1, 10);
    const removed = withRemoval(first, named, contextOf(first.version), 0);
    expect(removed).toMatchObject({ version: '1.a|', value: '', ttlMs: tombstoneMs + tombstoneMarginMs });
    expect(siblingsOf(removed)).toEqual([]);
    expect(mergedCopy(first, removed)).toBe(removed);
  });

  it('a write that the removal has not seen stays', () => {
    const first = write('', 1, 10, 'a');
    const all = mergedCopy(withRemoval(undefined, named, contextOf(first.version), hourMs), write('', 2, 11, 'b'));
    expect(values(mergedCopy(all, first))).toEqual(['b']);
  });
});

describe('a tombstone outlives what it removes', () => {
  const removalOf = (record: StoredRecord) => withRemoval(record, named, contextOf(record.version), record.ttlMs);

  it('also where that came later than its time to live says, or the clock is behind', () => {
    const first = write('', 1, 10, 'a', hourMs);
    const removed = removalOf(first);
    expect(removed.ttlMs).toBe(hourMs + tombstoneMarginMs);
    const unknowing = withRemoval(undefined, named, contextOf(first.version), 1_000);
    expect(unknowing.ttlMs).toBe(1_000 + tombstoneMarginMs);
    expect(mergedCopy(unknowing, first).ttlMs).toBe(hourMs + tombstoneMarginMs);
  });

  it('but does not live ever longer when a record is put and removed again and again', () => {
    let record = write('', 1, 1, 'a', hourMs);
    for (let i = 2; i < 200; i += 2) {
      record = removalOf(record);
      record = mergedCopy(record, write(contextOf(record.version), 1, i, 'b', hourMs));
    }
    expect(record.ttlMs).toBe(hourMs + tombstoneMarginMs);
  });
});

describe('times to live', () => {
  it('a copy lives as long as its longest sibling', () => {
    const both = mergedCopy(write('', 1, 1, 'short', 1_000), write('', 2, 2, 'long', 60_000));
    expect(both.ttlMs).toBe(60_000);
    expect(siblingsOf(both).map(({ value, ttlMs }) => [value, ttlMs])).toEqual([
      ['short', 1_000],
      ['long', 60_000],
    ]);
    expect(siblingsOf({ ...both, ttlMs: 59_000 }).map(({ value }) => value)).toEqual(['long']);
  });

  it('a short-lived value does not let a longer-lived one that it superseded come back', () => {
    const old = write('', 1, 1, 'old', 10 * hourMs);
    const all = mergedCopy(old, write(contextOf(old.version), 1, 2, 'new', 5_000));
    expect(all.ttlMs).toBe(10 * hourMs);
    expect(siblingsOf(all)).toMatchObject([{ value: 'new', ttlMs: 5_000 }]);
    const later = { ...all, ttlMs: all.ttlMs - 6_000 };
    expect(siblingsOf(later)).toEqual([]);
    expect(mergedCopy(later, { ...old, ttlMs: old.ttlMs - 6_000 })).toBe(later);
  });

  it('what supersedes a value that does not expire lives ten days at least', () => {
    const old = write('', 1, 1, 'old', 0);
    const all = mergedCopy(old, write(contextOf(old.version), 1, 2, 'new', 5_000));
    expect(all.ttlMs).toBe(tombstoneMs);
    expect(siblingsOf(all)).toMatchObject([{ value: 'new', ttlMs: 5_000 }]);
  });

  it('beside a sibling that does not expire none does', () => {
    const all = mergedCopy(write('', 1, 1, 'a', 0), write('', 2, 2, 'b', 5_000));
    expect(all.ttlMs).toBe(0);
    expect(siblingsOf(all).map(({ ttlMs }) => ttlMs)).toEqual([0, 0]);
  });
});

describe('bounds', () => {
  it('of more than siblingsMax siblings the oldest counts as seen', () => {
    let all = write('', 0, 1, '0');
    for (let i = 1; i <= siblingsMax + 2; i++) all = mergedCopy(all, write('', i, i + 1, String(i)));
    expect(values(all)).toHaveLength(siblingsMax);
    expect(values(all)[0]).toBe('3');
    expect(mergedCopy(all, write('', 0, 1, '0'))).toBe(all);
  });

  it('of siblings that are too long together as well', () => {
    const text = 'x'.repeat(siblingsCharactersMax / 2);
    expect(values(mergedCopy(write('', 1, 1, `a${text}`), write('', 2, 2, `b${text}`)))).toEqual([`b${text}`]);
  });

  it('what two parts of a ring may write beside each other is all kept when they meet', () => {
    const part = (site: number, count: number, characters: number) => {
      let all = write('', site, 1, 'x'.repeat(characters));
      for (let i = 1; i < count; i++) all = mergedCopy(all, write('', site + i, i + 1, 'x'.repeat(characters)));
      expect(isCrowded(all)).toBe(false);
      return all;
    };
    for (const [count, characters] of [
      [siblingsWrittenMax, 10],
      [2, siblingsCharactersWrittenMax / 2 - 20],
    ] as const) {
      const losses = { count: 0 };
      const both = mergedCopy(part(10, count, characters), part(100, count, characters), losses);
      expect(values(both)).toHaveLength(2 * count);
      expect(losses.count).toBe(0);
      expect(copyFault(both)).toBe('');
      expect(isCrowded(both)).toBe(true);
    }
  });

  it('siblings that found no room are counted, and those that have expired go first', () => {
    const losses = { count: 0 };
    const text = 'x'.repeat(20_000);
    mergedCopy(write('', 1, 1, text), write('', 2, 2, text), losses);
    expect(losses.count).toBe(1);
    const short = mergedCopy(write('', 1, 1, text, 1_000), write('', 2, 2, 'y'));
    const later = { ...short, ttlMs: short.ttlMs - 2_000 };
    expect(values(mergedCopy(later, write('', 3, 3, text), losses))).toEqual(['y', text]);
    expect(losses.count).toBe(1);
  });

  it('a copy that outlives its value takes little more room, whatever is in it', () => {
    const old = write('', 1, 1, 'old', 10 * hourMs);
    const all = mergedCopy(old, write(contextOf(old.version), 1, 2, '"'.repeat(32_000), 60_000));
    expect(all.value.length).toBeLessThan(siblingsCharactersMax);
    expect(values(all)).toEqual(['"'.repeat(32_000)]);
    expect(copyFault(all)).toBe('');
  });

  it('a vector names at most sitesMax sites, the latest', () => {
    let all = write('', 0, 1);
    for (let i = 1; i < 40; i++)
      all = withWrite(all, named, contextOf(all.version), { site: i, counter: i }, 'v', hourMs);
    const context = contextOf(all.version);
    expect(context.split(',')).toHaveLength(sitesMax);
    expect(isContext(context)).toBe(true);
    expect(counterOf(all.version, 0)).toBe(-1);
  });
});

describe('texts from outside', () => {
  it.each([
    '',
    'x',
    '1|',
    '|1',
    '1.2,1.3|',
    '2.1,1.1|',
    '|1.2,1.1',
    '01.1|',
    '1.1|1.1|',
    `|1.${'z'.repeat(12)}`,
    'A.1|',
  ])('%j is no version', (version) => {
    expect(copyFault({ ...named, version, value: '', ttlMs: 1 })).not.toBe('');
    expect(siblingsOf({ ...named, version, value: '', ttlMs: 1 })).toEqual([]);
  });

  it('what is no version is covered by everything', () => {
    expect(compareVersions('nonsense', '|1.1')).toBe('covered');
    expect(compareVersions('|1.1', 'nonsense')).toBe('covers');
    expect(compareVersions('b', 'a')).toBe('covers');
  });

  it('what is no text is no version, no value and no context, and numbers are numbers', () => {
    for (const odd of [undefined, null, 5, [], {}, Number.NaN] as never[]) {
      expect(copyFault({ ...named, version: odd, value: 'x', ttlMs: 1 })).not.toBe('');
      expect(copyFault({ ...named, version: '|1.1', value: odd, ttlMs: 1 })).not.toBe('');
      expect(isContext(odd)).toBe(false);
      if (odd !== 5) expect(copyFault({ ...named, version: '|1.1', value: 'x', ttlMs: odd })).not.toBe('');
    }
    expect(copyFault({ ...named, version: '|1.1', value: 'x', ttlMs: '5' as never })).not.toBe('');
    expect(copyFault({ ...named, version: `|1.${(2 ** 52 + 1).toString(36)}`, value: 'x', ttlMs: 1 })).toContain(
      'clock',
    );
  });

  it('a value must have the siblings that its version names', () => {
    expect(copyFault({ ...named, version: '|1.1', value: '\u0001|', ttlMs: 1 })).toContain('siblings');
    expect(copyFault({ ...named, version: '1.1|', value: 'x', ttlMs: 1 })).toContain('siblings');
    expect(copyFault({ ...named, version: '1.1|', value: '', ttlMs: 0 })).toContain('tombstone');
    expect(copyFault({ ...named, version: '|1.1', value: 'x', ttlMs: -1 })).toContain('time to live');
  });
});
