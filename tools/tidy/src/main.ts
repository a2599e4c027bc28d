// The command: npx nx run tidy, also part of npm test. Prints one line for each finding and exits 1 when there are any.
import { tidy } from './tidy.ts';
import { readWorkspace } from './workspace.ts';

const USAGE = `usage: npx nx run tidy [-- OPTION...] [PATH...]
Checks the house rules (CONTRIBUTING.md) over packages, apps, tools and test, and prints
  file:line: rule: what to do
With PATH, only findings in files below it are shown.
  --root DIR   another checkout
  --rule NAME  only this rule
  --help       this text
Floors, kinds of packages and accepted exceptions: tools/tidy/tower.json`;

function optionOf(args: string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args.splice(at, 2)[1];
}

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}
const repository = new URL('../../..', import.meta.url).pathname;
const root = optionOf(args, '--root') ?? repository;
const rule = optionOf(args, '--rule');
const unknown = args.find((arg) => arg.startsWith('-'));
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}\n${USAGE}`);
  process.exit(2);
}
const paths = args.map((path) => path.replace(/\/+$/, ''));
const findings = tidy(readWorkspace(root)).filter(
  ({ file, rule: found }) =>
    (rule === undefined || rule === found) &&
    (paths.length === 0 || paths.some((path) => file === path || file.startsWith(`${path}/`))),
);
for (const finding of findings) console.log(`${finding.file}:${finding.line}: ${finding.rule}: ${finding.advice}`);
console.log(findings.length === 0 ? 'tidy: nothing to do' : `tidy: ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
