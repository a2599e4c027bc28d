// SIPp registers, refreshes, queries and removes, hundreds of users at a time.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeUdpPort, run, startRunningHost } from '@chordial/test-end-to-end';
import { describe, expect, test } from 'vitest';
import { hasTool } from './tools.ts';

const scenario = fileURLToPath(new URL('../scenarios/register.xml', import.meta.url));

describe.skipIf(!hasTool('sipp', 'sip-tester', 'registration by SIPp'))('SIPp', () => {
  test.each([
    ['one-hop', '1'],
    ['one-hop', '2'],
    ['fingers', '2'],
  ])('its registration scenario, %s routing on %s lanes', { timeout: 60_000 }, async (routing, lanes) => {
    const host = await startRunningHost(['--lanes', lanes, '--routing', routing]);
    const folder = mkdtempSync(join(tmpdir(), 'chordial-sipp-'));
    const { code, stderr } = await run('sipp', [
      `127.0.0.1:${host.sipPort}`,
      ...['-sf', scenario, '-i', '127.0.0.1', '-p', String(await freeUdpPort())],
      ...['-m', '500', '-r', '500', '-l', '200', '-nostdin', '-timeout', '40s', '-timeout_error'],
      ...['-trace_err', '-error_file', join(folder, 'errors.log')],
    ]);
    await host.end('SIGTERM');
    const errors = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').slice(0, 2_000));
    expect(errors).toEqual([]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
});
