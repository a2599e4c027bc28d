// The command: npx nx run lockfile, after every npm install. With --check it only says whether the file is complete.
import { readFileSync, writeFileSync } from 'node:fs';
import { complete, type Lockfile } from './completion.ts';

const USAGE = `usage: npx nx run lockfile [-- --check]
Completes package-lock.json after npm install, so that npm ci works in a clean clone.
  --check   change nothing; exit 1 when the file is not complete`;

const args = process.argv.slice(2);
const unknown = args.filter((arg) => arg !== '--check' && arg !== '--help');
if (args.includes('--help') || unknown.length > 0) {
  if (unknown.length > 0) console.error(`unknown option ${unknown.join(' ')}`);
  console.log(USAGE);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const path = new URL('../../../package-lock.json', import.meta.url);
const { lockfile, added, stripped, problems } = complete(JSON.parse(readFileSync(path, 'utf8')) as Lockfile);
for (const problem of problems) console.error(`package-lock.json: ${problem}`);
console.log(`package-lock.json: ${added.length} entries missing, ${stripped.length} registry addresses`);
if (args.includes('--check')) {
  process.exitCode = added.length + stripped.length + problems.length > 0 ? 1 : 0;
} else {
  writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
