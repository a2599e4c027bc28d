// A stranger cannot fill the log.

import { expect, test } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

test('ten lines at once, then one a second, which says how many were left out', () => {
  let now = 5_000;
  const lines: string[] = [];
  const log = new RefusalLog(
    () => now,
    (line) => lines.push(line),
  );
  for (let n = 0; n < 100; n++) log.add(`line ${n}`);
  expect(lines).toEqual(Array.from({ length: 10 }, (_, n) => `line ${n}`));
  now += 1_000;
  log.add('later');
  log.add('too soon');
  expect(lines.slice(10)).toEqual(['later (90 others were refused and not told of)']);
  now += 60_000;
  for (let n = 0; n < 20; n++) log.add('again');
  expect(lines).toHaveLength(21);
});
