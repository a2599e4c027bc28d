// The command says in a sentence when its Node is too old, instead of failing to load.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const command = fileURLToPath(new URL('../bin/chordial.js', import.meta.url));
const versionOf = (node: string): string => spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '';
const isOld = (node: string): boolean => /^v(?:18|20|22)\./.test(versionOf(node));
const nodeOld = ['/usr/local/bin/node', '/usr/bin/node'].find(isOld);
if (nodeOld === undefined) console.log('skipped: no Node 18, 20 or 22 on this machine to run the command with');

test.skipIf(nodeOld === undefined)('an old Node is told which one is needed', () => {
  const { status, stdout, stderr } = spawnSync(nodeOld!, [command, 'up'], { encoding: 'utf8' });
  expect(stderr).toBe(
    `chordial needs Node 24 or newer and this is ${versionOf(nodeOld!).trim().slice(1)}. ` +
      'In a checkout, run it as `npx chordial`: npx finds the Node that `npm ci` installed.\n',
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
});
