// The command `linearizability`: reads a history of compare-and-set registers and says whether it is linearizable. Exit code
// 0: it is, 1: it is not, 2: not understood, 3: not known within the bound.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { checkHistory, type Verdict } from './check.ts';
import { type RegisterOperation, readHistory } from './history-file.ts';
import {
  compareAndSetRegister,
  type RegisterInput,
  type RegisterOutput,
  type Value,
} from './models/compare-and-set-register.ts';

interface Options {
  readonly file: string;
  readonly key?: string;
  readonly initial: Value;
  readonly statesMax: number;
  readonly order?: boolean;
  readonly json?: string;
}

type RegisterVerdict = Verdict<RegisterInput, RegisterOutput>;

const statesMaxDefault = 1_000_000;
const statesMaxMax = 100_000_000;
const exitCodes = { linearizable: 0, 'not-linearizable': 1, unknown: 3 } as const;
const notUnderstood = 2;

function statesOf(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= statesMaxMax) return value;
  throw new InvalidArgumentError(`a whole number from 1 to ${statesMaxMax}`);
}

function initialOf(text: string): Value {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object') return value as Value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('null, or a text in quotes, a number, true or false, as in JSON');
}

const command = new Command('linearizability')
  .description(
    'Says whether a history of concurrent operations on compare-and-set registers can be explained by an order of single\n' +
      'operations that keeps to real time; if not, where it goes wrong.',
  )
  .requiredOption('--file <file>', 'JSON lines, one operation each; - is the standard input')
  .option('--key <key>', 'only this key')
  .option('--initial <value>', 'what each register holds at first, as JSON', initialOf, null)
  .option('--states-max <n>', 'states tried for each key before the answer is "unknown"', statesOf, statesMaxDefault)
  .option('--order', 'print the order that explains the history')
  .option('--json <file>', 'write the verdict there')
  .addHelpText(
    'after',
    `
An operation:
  client, key     texts or numbers; keys are independent of each other
  kind            "read", or "change" to "value", only where "expected" is there if it is given (null: nothing there)
  invokedAt       any number that grows with time
  completedAt     left out: no answer, so it may have happened at any later time, or never
  outcome         "ok" (a read has its "value"), "refused-mismatch" (nothing changed; perhaps "found"), "unknown"

Examples:
  npx nx run linearizability -- --file history.jsonl
  npx nx run linearizability -- --file history.jsonl --key alice --order
  npx nx run linearizability -- --file history.jsonl --states-max 10000000 --json verdict.json

  {"client":"c1","key":"k","kind":"change","value":"a","invokedAt":1,"completedAt":2,"outcome":"ok"}
  {"client":"c2","key":"k","kind":"change","expected":"a","value":"b","invokedAt":3,"outcome":"unknown"}
  {"client":"c1","key":"k","kind":"read","value":"b","invokedAt":4,"completedAt":5,"outcome":"ok"}

Exit code 0: linearizable, 1: not, 2: not understood, 3: not known within --states-max.`,
  )
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : notUnderstood));

/** nx runs this in its own folder: a file that is not here is looked for where the repository begins. */
function pathOf(file: string): string {
  const fromRoot = resolve(process.env.NX_WORKSPACE_ROOT ?? '.', file);
  return existsSync(file) && !existsSync(fromRoot) ? resolve(file) : fromRoot;
}

function textOf(file: string): string {
  return readFileSync(file === '-' ? 0 : pathOf(file), 'utf8');
}

function describe(verdict: RegisterVerdict, { order }: Options, operations: readonly RegisterOperation[]): string {
  const keysCount = new Set(operations.map(({ key }) => key)).size;
  const about = `${countText(operations.length, 'operation')} on ${countText(keysCount, 'key')}, ${countText(verdict.statesCount, 'state')} tried`;
  switch (verdict.verdict) {
    case 'linearizable': {
      const orders = order === true ? [...verdict.orders].map(([key, own]) => orderText(key, own)) : [];
      return [`linearizable: ${about}`, ...orders].join('\n');
    }
    case 'not-linearizable': {
      const { problems, problemsCount } = verdict;
      const others =
        problemsCount > problems.length ? [`${problemsCount - problems.length} more keys have problems.`] : [];
      return [
        `NOT linearizable: ${about}`,
        ...problems.flatMap(({ sentence, drawing }) => [sentence, drawing]),
        ...others,
      ].join('\n\n');
    }
    case 'unknown':
      return `unknown: ${about}\n\n${verdict.sentence}`;
  }
}

function orderText(key: string, operations: readonly RegisterOperation[]): string {
  const { operationText } = compareAndSetRegister();
  const lines = operations.map(({ client, input, output }) => `  ${client}  ${operationText(input, output)}`);
  return [`\nkey ${JSON.stringify(key)}`, ...lines].join('\n');
}

const countText = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function jsonOf(verdict: RegisterVerdict): string {
  return `${JSON.stringify(verdict, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value), 2)}\n`;
}

function main(options: Options): number {
  const { file, key, initial, statesMax, json } = options;
  try {
    const read = readHistory(textOf(file));
    if ('trouble' in read) {
      console.error(`${file}: ${read.trouble}`);
      return notUnderstood;
    }
    const operations = read.operations.filter((operation) => key === undefined || operation.key === key);
    if (operations.length === 0) {
      console.error(
        `${file}: no operations${key === undefined ? '' : ` on key ${JSON.stringify(key)}`}: nothing was checked`,
      );
      return notUnderstood;
    }
    const verdict = checkHistory(compareAndSetRegister(initial), operations, { statesMax });
    console.log(describe(verdict, options, operations));
    if (json !== undefined) writeFileSync(resolve(process.env.NX_WORKSPACE_ROOT ?? '.', json), jsonOf(verdict));
    return exitCodes[verdict.verdict];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    console.error(`a file could not be read or written: ${message}`);
    return notUnderstood;
  }
}

process.exitCode = main(command.parse().opts<Options>());
