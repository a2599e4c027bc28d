// The command as it is run: exit codes and what it prints.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));

function run(input: string, ...options: string[]) {
  const { NX_WORKSPACE_ROOT: _, ...env } = process.env;
  const given = ['--conditions=@chordial/source', program, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, { input, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const change = '{"client":"c1","key":"k","kind":"change","value":"a","invokedAt":1,"completedAt":2,"outcome":"ok"}\n';
const read = (value: string): string =>
  `{"client":"c2","key":"k","kind":"read","value":"${value}","invokedAt":3,"completedAt":4,"outcome":"ok"}\n`;

it('accepts a history and prints the order', () => {
  const { status, stdout } = run(change + read('a'), '--file', '-', '--order');
  expect(status).toBe(0);
  expect(stdout).toBe(
    'linearizable: 2 operations on 1 key, 2 states tried\n\nkey "k"\n  c1  change to "a": ok\n  c2  read: "a"\n',
  );
});

it('rejects a history with exit code 1, a sentence and a drawing', () => {
  const { status, stdout } = run(change + read('b'), '--file', '-');
  expect(status).toBe(1);
  expect(stdout).toContain('NOT linearizable');
  expect(stdout).toContain('read: "b" (client c2, key "k", 3 to 4) fits nowhere.');
  expect(stdout).toMatch(/->\s+\|--\|\s+3\.\.4 {2}c2 {2}read: "b"/);
});

it('starts from another value when told', () => {
  expect(run(read('b'), '--file', '-', '--initial', '"b"').status).toBe(0);
});

it('answers 3 where the bound is too small, 2 where it does not understand', () => {
  expect(run(change + read('a'), '--file', '-', '--states-max', '1').status).toBe(3);
  expect(run('no history', '--file', '-')).toMatchObject({ status: 2, stderr: expect.stringContaining('line 1: ') });
  expect(run(change, '--file', '-', '--key', 'other')).toMatchObject({ status: 2 });
  expect(run('', '--file', 'not-there.jsonl')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('not-there'),
  });
});

it('explains itself', () => {
  expect(run('', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Examples:') });
});
