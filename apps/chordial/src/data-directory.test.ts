// What a host keeps of itself: only its owner can read it, and what is broken is told instead of made anew.
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity } from '@chordial/runtime';
import { expect, test } from 'vitest';
import { keepIdentity, openDirectory, readHostsKnown, readIdentity } from './data-directory.ts';

const directory = (): string => mkdtempSync(join(tmpdir(), 'chordial-data-'));

test('key and number come back, and only the owner may read them', async () => {
  const path = join(directory(), 'deep', 'er');
  expect(openDirectory(path)).toBe(path);
  expect(readIdentity(path)).toBeUndefined();
  const identity = await createIdentity();
  keepIdentity(path, { identity, host: 7 });
  keepIdentity(path, { identity, host: 8 });
  expect(readIdentity(path)).toEqual({ identity, host: 8 });
  expect(readdirSync(path)).toEqual(['identity.json']);
  expect(statSync(join(path, 'identity.json')).mode & 0o777).toBe(0o600);
});

test.each(['', '{', '{}', '{"host":1}', '[]'])('an identity file that holds %j is told, not replaced', (text) => {
  const path = directory();
  writeFileSync(join(path, 'identity.json'), text);
  expect(() => readIdentity(path)).toThrow('is not what was written there. Bring it back from a backup, or remove');
});

test('a directory that cannot be made', () => {
  const file = join(directory(), 'file');
  writeFileSync(file, '');
  expect(() => openDirectory(`${file}/data`)).toThrow(`--data ${file}/data: the directory cannot be made (ENOTDIR)`);
});

test('hosts known are those that can be asked; garbage is none', () => {
  const path = directory();
  expect(readHostsKnown(path)).toEqual([]);
  const known = { host: 3, address: '10.0.0.3', port: 7060, fingerprint: 'x' };
  writeFileSync(
    join(path, 'membership'),
    JSON.stringify({ hosts: [{ ...known, phase: 'dead' }, { host: 4 }, 5, null] }),
  );
  expect(readHostsKnown(path)).toEqual([known]);
  for (const text of ['', 'null', '{"hosts":3}', '\u0000']) {
    writeFileSync(join(path, 'membership'), text);
    expect(readHostsKnown(path)).toEqual([]);
  }
});
