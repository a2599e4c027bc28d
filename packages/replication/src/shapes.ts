// The forms of what other hosts say: of which type each field must be. Nothing on the way says so, and hosts may be of another version, or lie.
import type { Typed } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';

export type Check = (value: unknown) => boolean;
export type Shapes = { readonly [type: string]: { readonly [field: string]: Check } };

export const isText: Check = (value) => typeof value === 'string';
export const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
export const isWhole: Check = (value) => Number.isSafeInteger(value);
export const isHost: Check = (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
export const isAddress: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
export const isTable: Check = (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 255;
export const isKey: Check = (value) => typeof value === 'string' && parseRingKey(value) !== undefined;
export const isList: Check = (value) => Array.isArray(value);
export const listOf =
  (check: Check, countMax = Number.POSITIVE_INFINITY): Check =>
  (value) =>
    Array.isArray(value) && value.length <= countMax && value.every(check);
export const tupleOf =
  (...checks: Check[]): Check =>
  (value) =>
    Array.isArray(value) && checks.every((check, i) => check(value[i]));
/** [table, key] of a record. */
export const isRecordName = tupleOf(isTable, isKey);

/** The name of the first field that is not as it should be; empty when all are, and for a message without a shape. */
export function strangeField(shapes: Shapes, message: Typed): string {
  const shape = shapes[message.type];
  if (shape === undefined) return '';
  const fields = message as unknown as { readonly [field: string]: unknown };
  for (const field in shape) if (!shape[field]!(fields[field])) return field;
  return '';
}
