// A package is made in a temporary checkout, and there it passes what every package has to pass.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf, renamed, withStorey } from './generation.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const wish = { name: 'call-park', floor: 3, description: 'Parks "calls" & more' };

describe('a wish', () => {
  it.each([
    ['Call', 3, 'x', 'kebab-case'],
    ['a--b', 3, 'x', 'kebab-case'],
    ['../x', 3, 'x', 'kebab-case'],
    ['a'.repeat(41), 3, 'x', 'kebab-case'],
    ['call-utils', 3, 'x', 'says nothing'],
    ['chord', 3, 'x', 'there is a package'],
    ['call-park', 0, 'x', '--floor'],
    ['call-park', Number.NaN, 'x', '--floor'],
    ['call-park', 3, ' ', '--description'],
  ])('%s on floor %s is refused', (name, floor, description, part) => {
    expect(refusalOf({ name, floor, description }, ['chord'])).toContain(part);
  });

  it('that is sound is not', () => expect(refusalOf(wish, ['chord'])).toBeUndefined());
});

it('renames in the case of each place', () => {
  expect(renamed('counterWords CounterState ./counter.ts DESCRIPTION', wish, false)).toBe(
    'callParkWords CallParkState ./call-park.ts Parks "calls" & more',
  );
  expect(renamed('"DESCRIPTION"', wish, true)).toBe('"Parks \\"calls\\" & more"');
});

it('enters a floor in its place and leaves the other lines alone', () => {
  const line = (name: string, floor: number) => `    "${name}": { "floor": ${floor}, "kind": "actor" }`;
  const before = ['{', '  "packages": {', `${line('a', 1)},`, line('b', 4), '  },', '  "exceptions": []', '}'];
  const low = withStorey(before.join('\n'), { ...wish, floor: 3 });
  expect(low.split('\n')).toEqual(before.toSpliced(3, 0, `${line('call-park', 3)},`));
  const high = withStorey(before.join('\n'), { ...wish, floor: 5 });
  expect(Object.keys(JSON.parse(high).packages)).toEqual(['a', 'b', 'call-park']);
});

describe('the package made', () => {
  const root = mkdtempSync(join(tmpdir(), 'new-package-'));
  const folder = join(root, 'packages/call-park');
  const run = (cwd: string, command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  const bin = (name: string) => join(repository, 'node_modules/.bin', name);

  beforeAll(() => {
    run(root, 'git', 'init', '-q');
    for (const file of [
      'LICENSE',
      '.gitignore',
      'biome.json',
      'tsconfig.base.json',
      'tools/tidy/tower.json',
      'packages/actor',
    ]) {
      const filter = (path: string) => !/\/(?:dist|node_modules)$/.test(path);
      cpSync(join(repository, file), join(root, file), { recursive: true, filter });
    }
    // Third-party packages as they are here; the actor contract as copied.
    mkdirSync(join(root, 'node_modules/@chordial'), { recursive: true });
    for (const name of readdirSync(join(repository, 'node_modules'))) {
      if (name !== '@chordial') symlinkSync(join(repository, 'node_modules', name), join(root, 'node_modules', name));
    }
    symlinkSync(join(root, 'packages/actor'), join(root, 'node_modules/@chordial/actor'));
    const args = ['--name', wish.name, '--floor', '3', '--description', wish.description, '--root', root];
    run(root, process.execPath, join(repository, 'tools/new-package/src/main.ts'), ...args);
  }, 60_000);

  it('has its description in full, though nx splits it into words', () => {
    const args = ['--name', 'call-pick', '--floor', '4', '--description', 'Picks', 'up', 'calls', '--root', root];
    run(root, process.execPath, join(repository, 'tools/new-package/src/main.ts'), ...args);
    expect(readFileSync(join(root, 'packages/call-pick/README.md'), 'utf8')).toContain('# call-pick\nPicks up calls\n');
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('is tidy', () => {
    const tidy = join(repository, 'tools/tidy/src/main.ts');
    expect(run(root, process.execPath, tidy, '--root', root, 'packages/call-park')).toContain('nothing to do');
  });

  it('lints', () => void run(folder, bin('biome'), 'check', '.'));

  it('builds, typechecks and passes its tests', () => {
    run(folder, bin('tsc'), '-b');
    expect(existsSync(join(folder, 'dist/behaviour.js'))).toBe(true);
    run(folder, bin('tsc'), '-p', 'tsconfig.test.json');
    expect(run(folder, bin('vitest'), 'run')).toContain('call-park.test.ts');
  }, 120_000);

  it('measures itself from dist', () => {
    const json = join(root, 'figures.json');
    run(folder, process.execPath, 'bench/main.ts', '--steps', '1000', '--json', json);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ steps: 1_000, answers: 1_000 });
  });

  it('is not made twice', () => {
    const args = ['--name', wish.name, '--floor', '3', '--description', 'again', '--root', root];
    expect(() => run(root, process.execPath, join(repository, 'tools/new-package/src/main.ts'), ...args)).toThrow(
      'there is a package called call-park',
    );
  });
});
