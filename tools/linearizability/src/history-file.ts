// Histories of a compare-and-set register as JSON lines. Nothing in a file throws: what is not understood is a sentence that
// names the line.
//
//   {"client":"c1","key":"k","kind":"change","value":"a","invokedAt":1,"completedAt":2,"outcome":"ok"}
//   {"client":"c2","key":"k","kind":"change","expected":"a","value":"b","invokedAt":3,"outcome":"unknown"}
//   {"client":"c1","key":"k","kind":"read","value":"b","invokedAt":4,"completedAt":5,"outcome":"ok"}
import { type Operation, timeTrouble } from './history.ts';
import type { RegisterInput, RegisterOutput, Value } from './models/compare-and-set-register.ts';

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

export type ReadHistory =
  | { readonly operations: readonly RegisterOperation[] }
  /** A sentence that names the line and says what to write instead. */
  | { readonly trouble: string };

const operationsMax = 1_000_000;
const namesTextMax = 200;
const fieldNames = ['client', 'key', 'kind', 'expected', 'value', 'found', 'invokedAt', 'completedAt', 'outcome'];
type Fields = Readonly<Record<string, unknown>>;

export function readHistory(text: string): ReadHistory {
  const operations: RegisterOperation[] = [];
  let lineNumber = 0;
  for (const line of text.split('\n')) {
    lineNumber++;
    if (line.trim() === '') continue;
    const read = operationOf(line);
    if (typeof read === 'string') return { trouble: `line ${lineNumber}: ${read}` };
    if (operations.push(read) > operationsMax) {
      return { trouble: `line ${lineNumber}: more than ${operationsMax} operations: split the file by key` };
    }
  }
  return { operations };
}

/** The operation, or what is wrong with the line. */
function operationOf(line: string): RegisterOperation | string {
  const fields = fieldsOf(line);
  if (fields === undefined) return 'is not a JSON object: write one operation a line';
  const unknown = Object.keys(fields).find((name) => !fieldNames.includes(name));
  if (unknown !== undefined) {
    return `the field ${JSON.stringify(unknown.slice(0, namesTextMax))} is not known: there are ${fieldNames.join(', ')}`;
  }
  const { client, key, kind, expected, value, found, invokedAt, completedAt, outcome } = fields;
  if (!isName(client) || !isName(key)) return 'client and key must be texts or numbers';
  if (typeof invokedAt !== 'number') return 'invokedAt must be a number: the time at which it was asked';
  if (completedAt !== undefined && completedAt !== null && typeof completedAt !== 'number')
    return 'completedAt must be a number, or be left out where no answer came';
  const input = inputOf(kind, expected, value);
  if (typeof input === 'string') return input;
  const output = outputOf(input, outcome, value, found);
  if (typeof output === 'string') return output;
  const answeredAt = completedAt ?? undefined;
  if (output !== undefined && answeredAt === undefined)
    return `completedAt is missing: an answer came at some time, or else outcome is "unknown"`;
  const operation = { client: `${client}`, key: `${key}`, input, output, invokedAt, completedAt: answeredAt };
  return timeTrouble(operation) ?? operation;
}

function fieldsOf(line: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function inputOf(kind: unknown, expected: unknown, value: unknown): RegisterInput | string {
  if (kind === 'read') return expected === undefined ? { kind } : 'a read has nothing "expected"';
  if (kind !== 'change') return 'kind must be "read" or "change"';
  if (!isValue(value)) return 'a change has a "value": a text, number, true, false, or null (removes)';
  if (expected === undefined) return { kind, value };
  return isValue(expected)
    ? { kind, expected, value }
    : '"expected" must be a text, number, true, false or null (nothing there), or be left out (whatever is there)';
}

/** Undefined: no answer; a text: what is wrong. */
function outputOf(
  input: RegisterInput,
  outcome: unknown,
  value: unknown,
  found: unknown,
): RegisterOutput | undefined | string {
  if (found !== undefined && outcome !== 'refused-mismatch') return '"found" belongs to "refused-mismatch" alone';
  switch (outcome) {
    case 'ok':
      if (input.kind === 'change') return { outcome };
      return isValue(value) ? { outcome, value } : 'a read that is "ok" has the "value" read; null: nothing there';
    case 'refused-mismatch':
      if (input.kind === 'read' || input.expected === undefined)
        return 'only a change that expects something is refused';
      if (found === undefined) return { outcome };
      return isValue(found) ? { outcome, value: found } : '"found" must be a text, number, true, false or null';
    case undefined:
    case 'unknown':
      return undefined;
    default:
      return 'outcome must be "ok", "refused-mismatch" or "unknown" (or be left out)';
  }
}

function isName(name: unknown): name is string | number {
  return typeof name === 'string' || typeof name === 'number';
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
