// sipsak as an operator uses it by hand: -U registers, -s asks whether the service, or a user, is there.
import { run, startRunningHost } from '@chordial/test-end-to-end';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from './tools.ts';

describe.skipIf(!hasTool('sipsak', 'sipsak', 'registration and OPTIONS by sipsak'))('sipsak', () => {
  let host: Awaited<ReturnType<typeof startRunningHost>>;
  beforeAll(async () => {
    host = await startRunningHost(['--lanes', '2']);
  });
  afterAll(() => host.end('SIGTERM'));
  const sipsak = (...parameters: string[]) => run('sipsak', parameters);
  const at = () => `127.0.0.1:${host.sipPort}`;

  test('-s asks the server for its options', async () => {
    const { code, stdout } = await sipsak('-vv', '-s', `sip:${at()}`);
    expect(stdout).toContain('SIP/2.0 200');
    expect(stdout).toMatch(/Allow: .*REGISTER/);
    expect(code).toBe(0);
  });

  test('-U registers a user, who is then there for -s, and was not before', async () => {
    expect((await sipsak('-v', '-s', `sip:bob@${at()}`)).stdout).toContain('480');
    const registered = await sipsak('-v', '-U', '-C', 'sip:bob@127.0.0.1:5099', '-x', '300', '-s', `sip:bob@${at()}`);
    expect(registered).toMatchObject({ code: 0 });
    expect((await sipsak('-s', `sip:bob@${at()}`)).code).toBe(0);
  });
});
