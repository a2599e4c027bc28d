// The lock of a data directory among real processes: one at a time, told by its number, and free again after kill -9.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

const directory = (): string => mkdtempSync(join(tmpdir(), 'chordial-lock-'));

/** A process that holds the lock, or says why not, and stays. */
async function holder(path: string): Promise<{ child: ChildProcess; said: string }> {
  const module = new URL('./directory-lock.ts', import.meta.url).href;
  const text = `
    const { lockDirectory } = await import(${JSON.stringify(module)});
    try { lockDirectory(${JSON.stringify(path)}); console.log('held'); } catch (error) { console.log(error.message); }
    setInterval(() => globalThis.gc?.(), 10);
  `;
  const args = ['--conditions=@chordial/source', '--expose-gc', '--input-type=module', '-e', text];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
    complaints += piece;
  });
  const [said] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
  expect(complaints).toBe('');
  return { child, said: said.trim() };
}

test('a second process is refused with the number of the first, until that is killed', async () => {
  const path = directory();
  const first = await holder(path);
  expect(first.said).toBe('held');
  const refusal = `--data ${path} is in use by process ${first.child.pid}: stop that one first`;
  const second = await holder(path);
  expect(second.said).toContain(refusal);
  expect(() => lockDirectory(path)).toThrow(refusal);
  second.child.kill('SIGKILL');
  first.child.kill('SIGKILL');
  await Promise.all([first, second].map(({ child }) => once(child, 'exit')));
  lockDirectory(path)();
  const third = await holder(path);
  expect(third.said).toBe('held');
  third.child.kill('SIGKILL');
});

test('in one process too, until it is given back', () => {
  const path = directory();
  const release = lockDirectory(path);
  expect(() => lockDirectory(path)).toThrow(`in use by process ${process.pid}`);
  release();
  release();
  lockDirectory(path)();
});
