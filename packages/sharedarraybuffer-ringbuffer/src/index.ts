// Bounded ring of variable-length records in a SharedArrayBuffer: one writer, one reader, and a doorbell for a reader that sleeps.

export { createDoorbell, Doorbell, type WakeReason } from './doorbell.ts';
export { createRing, RING_BROKEN, type RingFault, type RingOptions, ringFault } from './layout.ts';
export { type RecordVisitor, RingReader } from './reader.ts';
export { RECORD_TOO_LONG, RING_FULL, RingWriter } from './writer.ts';
