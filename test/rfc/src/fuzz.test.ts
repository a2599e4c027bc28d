// A short, repeatable run of the fuzzer, and the count of looks at octets for inputs made to be slow.

import { describe, expect, it } from 'vitest';
import { allMessages, corpusIsPresent } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { minimise } from './mutation.ts';
import { countLooks, shapes, superLinearShapes } from './work-count.ts';

describe('fuzzing', () => {
  it.skipIf(!corpusIsPresent)('200,000 mutations give no exception and no disagreement', { timeout: 120_000 }, () => {
    const seeds = allMessages().map((message) => message.bytes);
    expect(fuzz(seeds, 200_000, 4475)).toBeUndefined();
  });

  it('a failing input is made as small as it can be', () => {
    const input = new Uint8Array(Buffer.from('INVITE sip:a@b SIP/2.0\r\nX: yyyyyQyyyyy\r\n\r\n'));
    expect(Buffer.from(minimise(input, (bytes) => bytes.includes(81))).toString()).toBe('Q');
  });
});

describe('linear time', () => {
  it('no shape makes peek look at octets more than a fixed number of times', () => {
    expect(superLinearShapes()).toEqual([]);
  });

  it('the count is of real work', () => {
    const build = shapes['unclosed quote']!;
    expect(countLooks(build(2000))).toBeGreaterThan(2000);
    expect(countLooks(build(4000)) / countLooks(build(2000))).toBeLessThan(2.2);
  });
});
