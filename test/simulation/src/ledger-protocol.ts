// Words of the ping-pong ledger: clients count upwards over udp, any lane hears them, and the keeper of a client, on the lane
// that its number chooses, writes each count to disk before it is acknowledged.
import type { Address, Words } from '@chordial/actor';

/** From the lane that heard a ping to the keeper. */
export interface Keep {
  readonly type: 'keep';
  readonly client: number;
  readonly count: number;
  readonly replyTo: Address<Kept>;
  readonly address: string;
  readonly port: number;
}
/** This count is durable. */
export interface Kept {
  readonly type: 'kept';
  readonly client: number;
  readonly count: number;
  readonly address: string;
  readonly port: number;
}

export const keeperWords: Words<Keep> = { keep: [1, 'client', 'count', 'replyTo', 'address', 'port'] };
export const edgeWords: Words<Kept> = { kept: [1, 'client', 'count', 'address', 'port'] };

/** A ping or pong on the wire, and a record on disk: client u16, count u32. */
export const recordBytes = 6;

export function writeRecord(client: number, count: number): Uint8Array {
  const bytes = new Uint8Array(recordBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, client);
  view.setUint32(2, count);
  return bytes;
}

export function readRecord(bytes: Uint8Array, start: number): { readonly client: number; readonly count: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, recordBytes);
  return { client: view.getUint16(0), count: view.getUint32(2) };
}
