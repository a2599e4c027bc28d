// Every rule is shown to catch: the orchard is tidy, and each way to spoil it gives exactly the finding that names it.
import { describe, expect, it } from 'vitest';
import { orchard, spoilt } from './orchard.fixture.ts';
import { hasNestedQuantifiers } from './rules/syntax.ts';
import { tidy } from './tidy.ts';
import type { Tower } from './workspace.ts';

type Spoil = Record<string, string | undefined>;
const TREE = 'packages/tree/src/tree.ts';
const PROTOCOL = 'packages/tree/src/protocol.ts';
const INDEX = 'packages/tree/src/index.ts';

const code = (line: string): Spoil => spoilt(TREE, 'const applesMax = 5;', `const applesMax = 5;\n${line}`);
const imported = (path: string, from: string): Spoil =>
  spoilt(path, path === TREE ? 'import { seed }' : 'import type', `import { x } from '${from}';\nimport type`);
const resolved = ['"resolved": "https', '//a.example/x.tgz"'].join(':');
const machine = (folder: string) => ['', folder, 'me', ''].join('/');

it('finds nothing in the orchard', () => {
  expect(tidy(orchard())).toEqual([]);
});

const CASES: readonly [name: string, spoil: Spoil, rule: string, place: string][] = [
  ['upward import', imported(TREE, '@chordial/orchard/protocol'), 'floors', `${TREE}:2`],
  [
    'sideways import',
    { 'packages/seed/src/index.ts': "// Seeds of it all.\nimport '@chordial/actor';\n" },
    'floors',
    'packages/seed/src/index.ts:2',
  ],
  [
    'import by path',
    { 'apps/farm/src/main.ts': "// Wires it all.\nimport '../../../packages/tree/src/tree.ts';\n" },
    'floors',
    'apps/farm/src/main.ts:2',
  ],
  ['package without a floor', imported(TREE, '@chordial/weeds/protocol'), 'floors', `${TREE}:2`],
  [
    "another actor's index",
    imported('packages/orchard/src/orchard.ts', '@chordial/tree'),
    'protocol-only',
    'packages/orchard/src/orchard.ts:2',
  ],
  [
    'a shell from a core',
    imported('packages/orchard/src/orchard.ts', '@chordial/runtime'),
    'no-shell',
    'packages/orchard/src/orchard.ts:2',
  ],
  ['import without extension', imported(TREE, './leaf'), 'explicit-extension', `${TREE}:2`],
  ['import of a built name', imported(TREE, './leaf.js'), 'explicit-extension', `${TREE}:2`],
  ['clock', code('const t = Date.now();'), 'pure-core', `${TREE}:5`],
  ['new Date', code('const t = new Date();'), 'pure-core', `${TREE}:5`],
  ['performance', code('const t = performance.now();'), 'pure-core', `${TREE}:5`],
  ['dice', code('const t = Math.random();'), 'pure-core', `${TREE}:5`],
  ['strong dice', code('const t = crypto.randomUUID();'), 'pure-core', `${TREE}:5`],
  ['timer', code('setTimeout(go, 5);'), 'pure-core', `${TREE}:5`],
  ['interval', code('globalThis.setInterval(go, 5);'), 'pure-core', `${TREE}:5`],
  ['microtask', code('queueMicrotask(go);'), 'pure-core', `${TREE}:5`],
  ['promise', code('let p: Promise<void>;'), 'pure-core', `${TREE}:5`],
  ['async', code('const f = async () => {};'), 'pure-core', `${TREE}:5`],
  ['process', code('const t = process.env;'), 'pure-core', `${TREE}:5`],
  ['Buffer', code('const t = Buffer.from(x);'), 'pure-core', `${TREE}:5`],
  ['fetch', code('fetch(x);'), 'pure-core', `${TREE}:5`],
  ['node module', imported(TREE, 'node:fs'), 'pure-core', `${TREE}:2`],
  ['third-party package', imported(TREE, 'lodash'), 'pure-core', `${TREE}:2`],
  [
    'node module on floor 0',
    spoilt('packages/seed/src/index.ts', 'node:crypto', 'node:fs'),
    'pure-core',
    'packages/seed/src/index.ts:2',
  ],
  [
    'ambient types',
    { 'packages/tree/tsconfig.json': '{ "compilerOptions": { "types": ["node"] } }' },
    'pure-core',
    'packages/tree/tsconfig.json:1',
  ],
  [
    'no handler',
    { [TREE]: spoilt(TREE, 'onPickApple', 'pick')[TREE]?.replace('onPickApple', 'pick') },
    'handlers',
    `${PROTOCOL}:2`,
  ],
  [
    'port word that no shell handles',
    spoilt('packages/runtime/src/index.ts', 'onOpenPort', 'open'),
    'handlers',
    'packages/actor/src/protocol.ts:2',
  ],
  ['never sent', spoilt(TREE, "'apple-picked'", "'pear-picked'"), 'handlers', `${PROTOCOL}:3`],
  [
    'no opcode',
    spoilt('packages/tree/src/behaviour.ts', "'pick-apple': [1]", "'pick-pear': [1]"),
    'opcodes',
    `${PROTOCOL}:2`,
  ],
  [
    'opcode used twice',
    spoilt('packages/tree/src/behaviour.ts', '[1]', "[1], 'pick-pear': [1]"),
    'opcodes',
    'packages/tree/src/behaviour.ts:5',
  ],
  [
    'opcode too large',
    spoilt('packages/tree/src/behaviour.ts', '[1]', '[256]'),
    'opcodes',
    'packages/tree/src/behaviour.ts:5',
  ],
  ['untested word', spoilt('packages/tree/src/tree.test.ts', "'apple-picked'", "'pear'"), 'tested', `${PROTOCOL}:3`],
  [
    'word without a row',
    spoilt('packages/tree/README.md', '| `apple-picked` |', '`apple-picked` |'),
    'message-table',
    `${PROTOCOL}:3`,
  ],
  [
    'banned project',
    { 'packages/seed/package.json': '{}', 'tools/misc/package.json': '{}', 'tools/misc/README.md': '' },
    'banned-names',
    'tools/misc/package.json:1',
  ],
  [
    'banned file',
    { 'packages/tree/src/leaf-utils.ts': '// Some leaf things here.\n' },
    'banned-names',
    'packages/tree/src/leaf-utils.ts:1',
  ],
  ['banned export', code('export const treeHelper = 1;'), 'banned-names', `${TREE}:5`],
  ['banned export in a list', code('export { a as LeafManager, b };'), 'banned-names', `${TREE}:5`],
  [
    'file name',
    { 'packages/tree/src/leafTip.ts': '// The tip of a leaf.\n' },
    'file-names',
    'packages/tree/src/leafTip.ts:1',
  ],
  [
    'long file',
    { 'packages/tree/src/trunk.ts': `// A very long trunk.\n${'\n'.repeat(400)}` },
    'file-size',
    'packages/tree/src/trunk.ts:400',
  ],
  [
    'no header',
    { 'packages/tree/src/leaf.ts': 'export const leaf = 1;\n' },
    'file-header',
    'packages/tree/src/leaf.ts:1',
  ],
  [
    'long header',
    { 'packages/tree/src/leaf.ts': '// One is. Two is. Three is.\n// Four is. Five is. Six is.\n' },
    'file-header',
    'packages/tree/src/leaf.ts:1',
  ],
  [
    'wide front door',
    {
      [INDEX]: `// A tree in many parts.\nexport { ${Array.from({ length: 16 }, (_, i) => `a${i}`).join(', ')} } from './tree.ts';\n`,
    },
    'front-door',
    `${INDEX}:2`,
  ],
  ['no README', { 'packages/orchard/README.md': undefined }, 'package-files', 'packages/orchard/README.md:1'],
  [
    'long README',
    { 'packages/orchard/README.md': 'line\n'.repeat(61) },
    'readme-size',
    'packages/orchard/README.md:60',
  ],
  [
    'no behaviour',
    { 'packages/orchard/src/behaviour.ts': undefined },
    'package-files',
    'packages/orchard/src/behaviour.ts:1',
  ],
  [
    'no core',
    spoilt('packages/orchard/src/orchard.ts', 'stepOrchard', 'orchard'),
    'package-files',
    'packages/orchard/src:1',
  ],
  ['no tests', { 'packages/orchard/src/orchard.test.ts': undefined }, 'package-files', 'packages/orchard/src:1'],
  ['no LICENSE', { LICENSE: undefined }, 'package-files', 'LICENSE:1'],
  [
    'script without its file',
    { 'packages/runtime/bench/main.ts': undefined },
    'scripts',
    'packages/runtime/package.json:1',
  ],
  ['export *', code("export * from './leaf.ts';"), 'no-export-star', `${TREE}:5`],
  ['enum', code('enum Colour { Red }'), 'erasable', `${TREE}:5`],
  ['namespace', code('namespace Leaf { }'), 'erasable', `${TREE}:5`],
  [
    'parameter property',
    code('class A { constructor(a: number, private readonly b: number) {} }'),
    'erasable',
    `${TREE}:5`,
  ],
  ['decorator', code('@leaf class A {}'), 'erasable', `${TREE}:5`],
  ['any', code('let x: any;'), 'no-any', `${TREE}:5`],
  ['any inside', code('let x: Map<string, any>;'), 'no-any', `${TREE}:5`],
  ['nested quantifiers', code('const r = /^(a+)*$/;'), 'linear-regex', `${TREE}:5`],
  ['nested quantifiers in a string', code("const r = new RegExp('(\\\\d+)+x');"), 'linear-regex', `${TREE}:5`],
  ['idle limit', code('const leavesMax = 7;'), 'limits', `${TREE}:5`],
  ['idle limit in a config', code('interface Config { readonly leavesMax: number }'), 'limits', `${TREE}:5`],
  ['machine path', { 'docs/a.md': `see\n${machine('home')}x` }, 'machine-paths', 'docs/a.md:2'],
  [
    'registry host',
    { '.npmrc': `registry=https://${['registry', 'npmjs', 'org'].join('.')}/\n` },
    'registry-hosts',
    '.npmrc:1',
  ],
  ['resolved address', { 'package-lock.json': `{\n${resolved}}` }, 'registry-hosts', 'package-lock.json:2'],
];

describe('each rule catches', () => {
  it.each(CASES)('%s', (_, spoil, rule, place) => {
    const found = tidy(orchard(spoil)).map((finding) => `${finding.rule} ${finding.file}:${finding.line}`);
    expect(found).toEqual([`${rule} ${place}`]);
  });
});

const INNOCENT: readonly [string, Spoil][] = [
  [
    'members, keys and strings that look ambient',
    code("const a = { process: 1, 'Date': x.fetch }; const b = 'Math.random()'; // Date.now()"),
  ],
  ['a limit passed on', code('const leavesMax = 7; grow(leaves, leavesMax);')],
  ['a limit by member', code('const budMax = 1; if (config.budMax < buds) stop();')],
  ['any as a name', code('const text = x.any(y); const z = { any: 1 };')],
  ['a type parameter called module', code('const module = 1; const enumName = module;')],
  ['quantifiers beside each other', code('const r = /^(?:a|b)+[(*)]+\\(+$/;')],
  ['a bounded repetition', code('const r = /(?:[0-9]+){1,3}/;')],
  [
    'paths that are relative or addresses',
    { 'docs/a.md': 'https://example.org/home/x and ../work/x and test/root/\n' },
  ],
  ['time in a test', { 'packages/tree/src/clock.test.ts': '// Tests of the clock.\nexport const now = Date.now();\n' }],
  [
    'time in a shell',
    { 'packages/runtime/src/clock.ts': '// The clock of the shell.\nexport const now = Date.now();\n' },
  ],
];

describe('the rules leave alone', () => {
  it.each(INNOCENT)('%s', (_, change) => expect(tidy(orchard(change))).toEqual([]));
});

it.each([
  ['(a+)+', true],
  ['(?:a*b)*', true],
  ['((a{2,}))+', true],
  ['(a|b)*', false],
  ['(a+)?', false],
  ['[(a+)]*', false],
  ['\\(a+\\)*', false],
  ['(a+)b*', false],
])('nested quantifiers in %s: %s', (pattern, nested) => expect(hasNestedQuantifiers(pattern)).toBe(nested));

describe('exceptions', () => {
  const exceptions = [{ rule: 'floors', file: TREE, about: 'orchard', why: 'the tree must know its orchard' }];
  const spoil = imported(TREE, '@chordial/orchard/protocol');

  it('excuse what they name', () => {
    expect(tidy(orchard(spoil, { exceptions }))).toEqual([]);
    const other: Partial<Tower> = { exceptions: [{ ...exceptions[0], about: 'cellar' } as (typeof exceptions)[0]] };
    expect(tidy(orchard(spoil, other)).map(({ rule }) => rule)).toEqual(['floors', 'exceptions']);
  });

  it('are findings when they excuse nothing, or say no reason', () => {
    expect(tidy(orchard({}, { exceptions })).map(({ rule }) => rule)).toEqual(['exceptions']);
    const silent = exceptions.map((exception) => ({ ...exception, why: '' }));
    expect(tidy(orchard(spoil, { exceptions: silent })).map(({ advice }) => advice)).toEqual([
      `floors for ${TREE} has no reason`,
    ]);
  });
});
