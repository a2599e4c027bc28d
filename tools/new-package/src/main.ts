// The command: npx nx run new-package -- --name dice --floor 3 --description "Rolls dice for others".
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from './generation.ts';

const USAGE = `usage: npx nx run new-package -- --name NAME --floor N --description TEXT
Makes packages/NAME: a small working actor with its words, core, behaviour, tests, benchmark and README.
  --name NAME         kebab-case
  --floor N           2 to 5; it may import packages of lower floors
  --description TEXT  one line
  --root DIR          another checkout
  --help              this text`;

const TEXT = { type: 'string' } as const;
const options = { name: TEXT, floor: TEXT, description: TEXT, root: TEXT, help: { type: 'boolean' } } as const;

function wished() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

const parsed = wished();
const values = parsed?.values;
if (values === undefined || values.help === true || values.name === undefined) {
  console.log(USAGE);
  process.exit(values?.help === true ? 0 : 2);
}
const root = values.root ?? fileURLToPath(new URL('../../..', import.meta.url));
const template = fileURLToPath(new URL('../template', import.meta.url));
// nx hands a quoted text on as several words.
const description = [values.description ?? '', ...(parsed?.positionals ?? [])].join(' ').trim();
const wish = { name: values.name, floor: Number(values.floor), description };
const outcome = generate(template, root, wish);
if (!outcome.ok) {
  console.error(outcome.sentence);
  process.exit(1);
}
// Names of another length wrap and sort differently; the formatter knows.
const biome = join(root, 'node_modules/.bin/biome');
const formatted = [join('packages', wish.name), 'tools/tidy/tower.json'];
execFileSync(biome, ['check', '--write', ...formatted], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
console.log(`packages/${wish.name}: ${outcome.files.length} files, floor ${wish.floor} in tools/tidy/tower.json
next: npm install && npx nx run lockfile     (links the package and completes package-lock.json)
      npx nx run-many -t build typecheck lint test -p ${wish.name} && npx nx run tidy -- packages/${wish.name}
      then rewrite src/protocol.ts`);
