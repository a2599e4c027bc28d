// A register as an acceptor keeps it: the promised ballot is the version of its record, what was accepted is the value. Times to live are kept by
// the wall clock of the host, and never grow.
//
//   value:  accepted | context | previous | ttlMs | expiresAt | +text      (`-` for a removed value; empty for nothing accepted)
import type { StoredRecord } from '@chordial/storage/protocol';

export interface Register {
  readonly promised: string;
  /** Empty: nothing; then all below is empty as well. */
  readonly accepted: string;
  readonly context: string;
  readonly previous: string;
  readonly value: string | undefined;
  readonly ttlMs: number;
  /** Wall clock; 0 for never. */
  readonly expiresAt: number;
}

export const emptyRegister: Register = {
  promised: '',
  accepted: '',
  context: '',
  previous: '',
  value: undefined,
  ttlMs: 0,
  expiresAt: 0,
};

export function valueText({ accepted, context, previous, value, ttlMs, expiresAt }: Register): string {
  if (accepted === '') return '';
  const text = value === undefined ? '-' : `+${value}`;
  return `${accepted}|${context}|${previous}|${ttlMs.toString(36)}|${expiresAt.toString(36)}|${text}`;
}

/** Undefined for what no acceptor has written. */
export function parseRegister({ version, value }: StoredRecord): Register | undefined {
  if (value === '') return { ...emptyRegister, promised: version };
  const parts = value.split('|', 5);
  if (parts.length < 5) return undefined;
  const [accepted, context, previous, ttl, expires] = parts as [string, string, string, string, string];
  const text = value.slice(parts.reduce((sum, part) => sum + part.length + 1, 0));
  const ttlMs = Number.parseInt(ttl, 36);
  const expiresAt = Number.parseInt(expires, 36);
  if (!(ttlMs >= 0 && expiresAt >= 0) || (text[0] !== '-' && text[0] !== '+')) return undefined;
  return {
    promised: version,
    accepted,
    context,
    previous,
    value: text[0] === '+' ? text.slice(1) : undefined,
    ttlMs,
    expiresAt,
  };
}

/** 0: does not expire; -1: it has expired. */
export function ttlLeft({ ttlMs, expiresAt }: Register, wallClock: number): number {
  if (ttlMs === 0) return 0;
  const left = Math.min(ttlMs, expiresAt - wallClock);
  return left > 0 ? left : -1;
}
