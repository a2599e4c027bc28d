// The command from outside: durations, options, a run that holds, a run that fails and can be repeated.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it.each(['', '10', 'h', '-1s', '1 h 2', '0s', '1e3s', '99999999999h'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

function simulate(...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=@chordial/source', main, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr });
    });
  });
}

describe('the command', () => {
  it('lists the scenarios', async () => {
    const { code, out } = await simulate('--list');
    expect(code).toBe(0);
    expect(out).toContain('ping-pong-hasty');
  });

  it('explains what it did not understand', async () => {
    expect((await simulate('--scenario', 'nowhere')).out).toContain('no scenario is called nowhere');
    const { code, out } = await simulate('--scenario', 'ping-pong', '--time', 'long');
    expect(code).toBe(2);
    expect(out).toContain('a duration such as');
  });

  it('runs seeds on several threads', async () => {
    const { code, out } = await simulate('--scenario', 'ping-pong', '--seeds', '4', '--time', '20s', '--workers', '2');
    expect(out).toContain('4/4 seeds');
    expect(out).toContain('0 failed');
    expect(code).toBe(0);
  });

  it('shows a failure, its shortest history and how to repeat it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
    const file = join(folder, 'result.json');
    const { code, out } = await simulate(
      '--scenario',
      'ping-pong-hasty',
      '--time',
      '1m',
      '--workers',
      '1',
      '--json',
      file,
    );
    const result = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(out).toMatch(/seed \d+ broke a rule: client \d+ counted to/);
    expect(out).toContain('1 faults, 1 clients');
    const [, seed] = /--first-seed (\d+) --time 1m/.exec(out)!;
    expect(result.failures[0].seed).toBe(Number(seed));
    expect(result.failures[0].shown.input.plan).toHaveLength(1);
    const again = await simulate(
      '--scenario',
      'ping-pong-hasty',
      '--seeds',
      '1',
      '--first-seed',
      seed!,
      '--time',
      '1m',
    );
    expect(again.out).toContain(/seed .* broke a rule.*/.exec(out)![0]);
  });

  it('plants a mutant, tells what caught it, and fails when one survives', async () => {
    const caught = await simulate('--mutants', 'no-epoch-increment', '--mutant-time', '2m');
    expect(caught.out).toMatch(/no-epoch-increment .* chord-\w+ seed \d+ at .* own the same keys/);
    expect(caught.out).toContain('1 of 1 mutants caught');
    expect(caught.code).toBe(0);
    const survived = await simulate('--mutants', 'leaves-without-a-word', '--mutant-time', '1ms');
    expect(survived.out).toContain('0 of 1 mutants caught');
    expect(survived.code).toBe(1);
  }, 200_000);

  it('adds up what a scenario counts, in the virtual time that it asks for', async () => {
    const { code, out } = await simulate('--scenario', 'chord-churn', '--seeds', '2', '--workers', '1');
    expect(out).toMatch(/2\/2 seeds, 1\.5m virtual/);
    expect(out).toMatch(/right the first time: [\d.]+ % of \d+ look-ups/);
    expect(code).toBe(0);
  }, 60_000);
});
