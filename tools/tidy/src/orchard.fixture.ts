// A small workspace in memory that satisfies every rule. Tests spoil one thing of it and see the rule that minds.
import { type Tower, type Workspace, workspaceOf } from './workspace.ts';

const TOWER: Tower = {
  packages: {
    seed: { floor: 0, kind: 'library' },
    actor: { floor: 1, kind: 'contract', handledBy: ['runtime'] },
    runtime: { floor: 2, kind: 'shell' },
    tree: { floor: 2, kind: 'actor' },
    orchard: { floor: 3, kind: 'actor' },
  },
  exceptions: [],
};

const TREE_README = `# tree
| message | from | meaning |
|---|---|---|
| \`pick-apple\` | anyone | takes one apple |
| \`apple-picked\` | tree | the answer |
`;

const FILES: Readonly<Record<string, string>> = {
  LICENSE: 'Apache License',
  'packages/seed/package.json': '{}',
  'packages/seed/README.md': '# seed\n',
  'packages/seed/src/index.ts':
    "// Seeds, hashed by Node.\nimport { hash } from 'node:crypto';\nexport const seed = hash;\n",
  'packages/seed/src/index.test.ts': '// Tests of the seeds.\n',
  'packages/actor/package.json': '{}',
  'packages/actor/README.md': '# actor\n| message |\n|---|\n| `open-port` |\n',
  'packages/actor/src/index.ts': '// The contract of actors.\nexport interface Outbox {}\n',
  'packages/actor/src/protocol.ts': `// Words of the ports.
export interface OpenPort { readonly type: 'open-port'; }
export type PortRequest = OpenPort;
`,
  'packages/actor/src/words.test.ts': "// Tests of the words.\nconst word = { type: 'open-port' };\n",
  'packages/runtime/package.json': '{ "scripts": { "bench": "node --enable-source-maps bench/main.ts" } }',
  'packages/runtime/README.md': '# runtime\n',
  'packages/runtime/bench/main.ts': '// Measures the runtime.\n',
  'packages/runtime/src/index.ts': `// The shell that runs actors.
import type { PortRequest } from '@chordial/actor/protocol';
export function onOpenPort(request: PortRequest) { return [request, Date.now(), process.pid]; }
`,
  'packages/runtime/src/index.test.ts': '// Tests of the shell.\n',
  'packages/tree/package.json': '{}',
  'packages/tree/tsconfig.json': '{ "extends": "../../tsconfig.base.json", "compilerOptions": { "rootDir": "src" } }',
  'packages/tree/README.md': TREE_README,
  'packages/tree/src/index.ts': "// A tree with apples.\nexport { treeBehaviour } from './behaviour.ts';\n",
  'packages/tree/src/protocol.ts': `// Every word that a tree hears and says.
export interface PickApple { readonly type: 'pick-apple'; }
export interface ApplePicked { readonly type: 'apple-picked'; }
export type TreeMessage = PickApple;
export type TreeEvent = ApplePicked;
`,
  'packages/tree/src/behaviour.ts': `// What a shell needs to run a tree.
import type { Words } from '@chordial/actor';
import type { TreeMessage } from './protocol.ts';
import { stepTree } from './tree.ts';
const words: Words<TreeMessage> = { 'pick-apple': [1] };
export const treeBehaviour = { words, step: stepTree };
`,
  'packages/tree/src/tree.ts': `// The tree: gives apples, one at a time.
import { seed } from '@chordial/seed';
import type { TreeMessage } from './protocol.ts';
const applesMax = 5;
export function stepTree(state: { picked: number }, message: TreeMessage) {
  if (message.type === 'pick-apple') return onPickApple(state);
  return seed;
}
function onPickApple(state: { picked: number }) {
  if (state.picked >= applesMax) return undefined;
  state.picked += 1;
  return { type: 'apple-picked' };
}
`,
  'packages/tree/src/tree.test.ts': "// Tests of the tree.\nexport const words = ['pick-apple', 'apple-picked'];\n",
  'packages/orchard/package.json': '{}',
  'packages/orchard/README.md': '# orchard\n',
  'packages/orchard/src/index.ts': "// Many trees together.\nexport { orchardBehaviour } from './behaviour.ts';\n",
  'packages/orchard/src/protocol.ts':
    '// An orchard has no words of its own yet.\nexport type OrchardMessage = never;\n',
  'packages/orchard/src/behaviour.ts':
    "// Runs the orchard.\nexport { stepOrchard as orchardBehaviour } from './orchard.ts';\n",
  'packages/orchard/src/orchard.ts': `// The orchard asks its trees.
import type { TreeMessage } from '@chordial/tree/protocol';
export function stepOrchard(message: TreeMessage) { return message; }
`,
  'packages/orchard/src/orchard.test.ts':
    "// Tests may import behaviours.\nimport { treeBehaviour } from '@chordial/tree';\nexport const { step } = treeBehaviour;\n",
  'apps/farm/package.json': '{}',
  'apps/farm/README.md': '# farm\n',
  'apps/farm/src/main.ts': `// The only place that chooses behaviours.
import { treeBehaviour } from '@chordial/tree';
import '@chordial/runtime';
export const farm = treeBehaviour;
`,
};

/** The orchard with some files replaced, added, or (undefined) removed. */
export function orchard(
  changes: Readonly<Record<string, string | undefined>> = {},
  tower: Partial<Tower> = {},
): Workspace {
  const texts = new Map(Object.entries(FILES));
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) texts.delete(path);
    else texts.set(path, text);
  }
  return workspaceOf({ ...TOWER, ...tower }, texts);
}

/** The text of one of its files with a part replaced. */
export function spoilt(path: string, part: string, replacement: string): Record<string, string> {
  const text = FILES[path] ?? '';
  if (!text.includes(part)) throw new Error(`${path} does not contain ${part}`);
  return { [path]: text.replace(part, () => replacement) };
}
