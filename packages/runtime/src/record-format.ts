// The bytes of a record: what a message is between two lanes and, unchanged, between two hosts.
//
//   | to f64 | from f64 | type hash u32 | fields count u8 | fields: tag u8, value ... | byte view: rest of the record |
//
// Every tag says how long its value is, and the count where the byte view begins. So a reader that knows fewer fields skips the rest, and
// one that knows more has them undefined: fields may be appended from version to version. The top bit of the count marks a record of another
// host on its way through the rings of this one; whoever reads it trusts no length in it.
import { Packr } from 'msgpackr';

export const recordHeaderBytes = 21;
export const countAt = 20;
export const foreignBit = 0x80;
export const fieldsMax = 127;

export const tagUndefined = 0;
export const tagTrue = 1;
export const tagFalse = 2;
export const tagInt32 = 3;
export const tagFloat64 = 4;
export const tagText = 5;
export const tagPacked = 6;

export interface Shape {
  readonly type: string;
  readonly hash: number;
  readonly fields: readonly string[];
  readonly hasView: boolean;
}

export type Fields = Record<string, unknown>;

/** Nested bytes are copied out of the record, since only the byte view is known to end with the turn. A nested -0 arrives as 0. */
export const packr = new Packr({ useRecords: false, moreTypes: false, copyBuffers: true });
