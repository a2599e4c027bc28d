// Histories whose verdict is known, one for each way in which a replicated register goes wrong, and what is said about them.
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check.ts';
import { type Answered, isAnswered } from './history.ts';
import { type RegisterOperation, readHistory } from './history-file.ts';
import { compareAndSetRegister } from './models/compare-and-set-register.ts';

/** `c1 1..2 set a` · `c2 3.. cas a b` (no answer) · `c1 4..5 read b` · `c3 6..7 cas x y refused`; `-` is nothing. */
function history(...lines: string[]): RegisterOperation[] {
  return lines.map((line) => {
    const [client = '', times = '', kind, ...words] = line.split(' ');
    const [invokedAt, completedAt] = times.split('..').map((time) => (time === '' ? undefined : Number(time)));
    const values = words.map((word) => (word === '-' ? null : word));
    const isRefused = words.at(-1) === 'refused';
    const input =
      kind === 'read'
        ? ({ kind } as const)
        : kind === 'set'
          ? ({ kind: 'change', value: values[0]! } as const)
          : ({ kind: 'change', expected: values[0]!, value: values[1]! } as const);
    const output =
      completedAt === undefined
        ? undefined
        : kind === 'read'
          ? ({ outcome: 'ok', value: values[0]! } as const)
          : ({ outcome: isRefused ? 'refused-mismatch' : 'ok' } as const);
    return { client, key: 'k', input, invokedAt: invokedAt!, completedAt, output };
  });
}

const check = (operations: readonly RegisterOperation[], statesMax?: number) =>
  checkHistory(compareAndSetRegister(), operations, statesMax === undefined ? {} : { statesMax });

const problemOf = (operations: readonly RegisterOperation[]) => {
  const verdict = check(operations);
  if (verdict.verdict !== 'not-linearizable') throw new Error(`it is ${verdict.verdict}`);
  return verdict.problems[0]!;
};

describe('histories that can be explained', () => {
  it.each([
    ['nothing at all', history()],
    ['one after the other', history('c1 1..2 set a', 'c1 3..4 cas a b', 'c2 5..6 read b')],
    ['a read that overlaps a change sees what was before', history('c1 1..9 set a', 'c2 2..3 read -')],
    ['a read that overlaps a change sees what comes', history('c1 1..9 set a', 'c2 2..3 read a')],
    ['equal times overlap', history('c1 1..5 set a', 'c2 5..6 read -')],
    ['two at once, one is refused', history('c1 1..5 cas - a', 'c2 2..6 cas - b refused', 'c3 7..8 read a')],
    ['no answer, and it never happens', history('c1 1.. set a', 'c2 2..3 read -', 'c2 9..10 read -')],
    ['no answer, and it happens late', history('c1 1.. set a', 'c2 2..3 read -', 'c2 4..5 set b', 'c2 9..10 read a')],
    ['no answer to a compare-and-set that refuses another', history('c1 1.. cas - a', 'c2 2..3 cas - b refused')],
    ['removed, then nothing', history('c1 1..2 set a', 'c1 3..4 set -', 'c2 5..6 read -')],
  ])('%s', (_, operations) => {
    expect(check(operations)).toMatchObject({ verdict: 'linearizable' });
  });

  it('gives the order, without what need not have happened', () => {
    const operations = history('c1 1..9 set a', 'c2 2..3 read -', 'c3 1.. set z', 'c2 4..5 read a');
    const verdict = check(operations);
    if (verdict.verdict !== 'linearizable') throw new Error(verdict.verdict);
    expect(verdict.orders.get('k')).toEqual([operations[1], operations[0], operations[3]]);
  });

  it('keeps keys apart', () => {
    const on = (key: string, operations: RegisterOperation[]) => operations.map((one) => ({ ...one, key }));
    const good = on('good', history('c1 1..2 set a', 'c1 3..4 read a'));
    const bad = on('bad', history('c1 1..2 set a', 'c1 3..4 read b'));
    expect(check([...good, ...on('other', history('c2 3..4 read -'))])).toMatchObject({ verdict: 'linearizable' });
    expect(check([...good, ...bad])).toMatchObject({ problemsCount: 1, problems: [{ key: 'bad' }] });
  });
});

describe('histories that cannot be explained', () => {
  it.each([
    ['stale read', history('c1 1..2 set a', 'c1 3..4 set b', 'c2 5..6 read a'), 2],
    ['lost update', history('c1 1..2 cas - a', 'c2 3..4 cas a b', 'c1 5..6 read a'), 2],
    ['both of two compare-and-sets on one value', history('c1 1..4 cas - a', 'c2 2..5 cas - b'), 1],
    ['a value never written', history('c1 1..2 set a', 'c2 3..4 read z'), 1],
    ['a value read before it was asked for', history('c1 1..2 read a', 'c2 3..4 set a'), 0],
    ['real time across clients', history('c1 1..9 set a', 'c2 2..3 read a', 'c3 4..5 read -'), 2],
    ['refused although the value is as expected', history('c1 1..2 set a', 'c2 3..4 cas a b refused'), 1],
    ['done although the value is another', history('c1 1..2 set a', 'c2 3..4 cas b c'), 1],
    ['done twice', history('c1 1..2 set a', 'c2 3..4 set b', 'c1 5..6 read b', 'c2 7..8 read a'), 3],
    ['no answer, done twice', history('c1 1.. set a', 'c2 2..3 read a', 'c2 4..5 set b', 'c2 6..7 read a'), 3],
    ['no answer, done before it was asked for', history('c2 1..2 read a', 'c1 3.. set a'), 0],
    ['an acknowledged removal comes back', history('c1 1..2 set a', 'c1 3..4 set -', 'c2 5..6 read a'), 2],
  ])('%s', (_, operations, problemIndex) => {
    expect(problemOf(operations).operation).toEqual(operations[problemIndex]);
  });

  it('takes an answer at its time: what follows does not make a good beginning bad', () => {
    // The refusal at 9 is what cannot be; until then c2 might have been the one who won.
    const operations = history('c1 1..2 set a', 'c2 3..9 cas a b refused', 'c3 4..5 read a', 'c3 6..7 read b');
    expect(problemOf(operations)).toMatchObject({ operation: operations[1], operationsCount: 4 });
  });

  it('reports a repeated operation, even the same object twice', () => {
    const [first] = history('c1 1..2 cas - a');
    expect(problemOf([first!, first!]).operation).toBe(first);
  });

  it('says which answer, and what the others allow', () => {
    const { sentence, drawing } = problemOf(
      history('c1 1..2 set a', 'c1 3..5 set b', 'c3 4.. cas b c', 'c2 6..8 read a', 'c1 7..9 set d'),
    );
    expect(sentence).toBe(
      'read: "a" (client c2, key "k", 6 to 8) fits nowhere. The 2 operations answered before it, with any of 2 not yet ' +
        'answered, can be explained, and may leave "b" or "c" or "d".',
    );
    expect(`\n${drawing}\n`).toMatchInlineSnapshot(`
      "
        order  time line
            1  |--|                        1..2  c1  change to "a": ok
            2        |-----|               3..5  c1  change to "b": ok
            -           |--------------->  4..   c3  change from "b" to "c" (no answer by then)
           ->                 |-----|      6..8  c2  read: "a"   <- fits nowhere
            -                    |------>  7..   c1  change to "d" (no answer by then)
      "
    `);
  });

  it('draws a few of many operations, those that matter among them', () => {
    const many = Array.from({ length: 60 }, (_, i) => `c1 ${10 * i}..${10 * i + 5} set v${i}`);
    const { drawing, explained } = problemOf(history(...many, 'c2 597..599 read v3'));
    expect(explained).toHaveLength(60);
    expect(drawing.split('\n')).toHaveLength(13);
    expect(drawing).toContain('change to "v3": ok');
    expect(drawing).toContain('change to "v59": ok');
  });
});

describe('bounds', () => {
  const busy = history(
    ...Array.from({ length: 12 }, (_, i) => `c${i} ${i}..${100 + i} set v${i}`),
    'c20 200..201 read z',
  );

  it('answers "unknown" instead of working on', () => {
    expect(check(busy, 100)).toMatchObject({ verdict: 'unknown', keys: ['k'], sentence: /within 100 states/ });
  });

  it('answers when it may', () => {
    expect(check(busy)).toMatchObject({ verdict: 'not-linearizable' });
  });

  it('does not try unanswered writes that nobody saw', () => {
    const unanswered = Array.from({ length: 200 }, (_, i) => `c${i} ${i}.. set u${i}`);
    const operations = history(...unanswered, 'c1 300..301 set a', 'c1 302..303 read a', 'c1 304..305 read z');
    const verdict = check(operations, 10_000);
    expect(verdict).toMatchObject({ verdict: 'not-linearizable' });
    expect(verdict.statesCount).toBeLessThan(1_000);
  });

  it('refuses times that cannot be', () => {
    expect(() => check(history('c1 5..3 read -'))).toThrow('completedAt is before invokedAt');
  });
});

describe('files', () => {
  const line = (fields: object) => JSON.stringify({ client: 1, key: 'k', kind: 'read', invokedAt: 1, ...fields });

  it('reads operations', () => {
    const text = [
      line({ kind: 'change', expected: null, value: 'a', completedAt: 2, outcome: 'ok' }),
      '',
      line({ kind: 'change', expected: 'b', value: 'c', completedAt: 2, outcome: 'refused-mismatch', found: 'a' }),
      line({ outcome: 'unknown', completedAt: 9 }),
    ].join('\n');
    const read = readHistory(text);
    if ('trouble' in read) throw new Error(read.trouble);
    expect(read.operations.map(({ input, output }) => ({ input, output }))).toEqual([
      { input: { kind: 'change', expected: null, value: 'a' }, output: { outcome: 'ok' } },
      { input: { kind: 'change', expected: 'b', value: 'c' }, output: { outcome: 'refused-mismatch', value: 'a' } },
      { input: { kind: 'read' }, output: undefined },
    ]);
    const answered: Answered<unknown, unknown>[] = read.operations.filter(isAnswered);
    expect(answered).toHaveLength(2);
  });

  it.each([
    ['{', 'is not a JSON object'],
    ['[1]', 'is not a JSON object'],
    [line({ expect: 1 }), 'the field "expect" is not known'],
    [line({ client: null }), 'client and key'],
    [line({ kind: 'write' }), 'kind must be'],
    [line({ invokedAt: '1' }), 'invokedAt must be'],
    [line({ completedAt: 0, outcome: 'ok', value: 'a' }), 'before invokedAt'],
    [line({ outcome: 'ok', value: 'a' }), 'completedAt is missing'],
    [line({ outcome: 'ok', completedAt: 2 }), 'has the "value" read'],
    [line({ outcome: 'done', completedAt: 2 }), 'outcome must be'],
    [line({ kind: 'change' }), 'a change has a "value"'],
    [line({ kind: 'change', value: 'a', expected: {} }), '"expected" must be'],
    [line({ kind: 'change', value: 'a', outcome: 'refused-mismatch', completedAt: 2 }), 'only a change that expects'],
    [line({ found: 'a' }), '"found" belongs to'],
  ])('%s', (text, trouble) => {
    expect(readHistory(`\n${text}`)).toEqual({ trouble: expect.stringContaining(trouble) });
    expect(readHistory(`\n${text}`)).toEqual({ trouble: expect.stringMatching(/^line 2: /) });
  });
});
