// The wire's codec and msgpackr's positional array for the same two messages: what a dispatcher sends to an owner (six fields and
// 500 raw bytes), and a small reply; then as another host's record, whose lengths are not believed, also for a list of members.
import { makeAddress, type Typed } from '@chordial/actor';
import { Packr } from 'msgpackr';
import { Wire, wireMemory } from '../dist/wire.js';

const to = makeAddress<Typed>(0, 1, 77);
const from = makeAddress<never>(0, 0, 33);
const bytes = new Uint8Array(500);
const large = {
  type: 'request-arrived',
  key: 'b6589fc6ab0dc82cf12099d1c2d40ab994e8410c',
  hops: 1,
  flow: 4_711,
  address: '192.0.2.17',
  port: 5_060,
  secure: false,
  bytes,
  start: 0,
  end: bytes.length,
};
const member = { key: large.key, host: 3, lane: 1, chord: to as number, life: 1_795_757_826_123 };
const list = { type: 'neighbours-told', correlation: 7, successors: Array.from({ length: 16 }, () => ({ ...member })) };
const small = { type: 'request-answered', flow: 4_711, statusCode: 200 };

const wire = new Wire();
wire.register({
  'request-arrived': [1, 'key', 'hops', 'flow', 'address', 'port', 'secure', 'bytes', 'start', 'end'],
  'request-answered': [2, 'flow', 'statusCode'],
  'neighbours-told': [3, 'correlation', 'successors'],
});
const memory = wireMemory(Buffer.alloc(4_096));

function throughWire(message: Typed, count: number): void {
  for (let n = 0; n < count; n++) {
    if (wire.sizeMax(message) > memory.bytes.length) throw new Error('too long');
    const length = wire.encode(memory, 0, to, from, message);
    if (wire.decode(memory, 0, length)?.type !== message.type) throw new Error('not what was sent');
  }
}

function betweenHosts(message: Typed, count: number): void {
  for (let n = 0; n < count; n++) {
    if (wire.sizeMax(message) > memory.bytes.length) throw new Error('too long');
    const length = wire.encode(memory, 0, to, from, message);
    const got = wire.decodeForeign(memory, 0, length);
    if (typeof got === 'string' || got.type !== message.type) throw new Error('not what was sent');
  }
}

const packr = new Packr({ useRecords: false });

function throughMsgpackr(message: Typed, values: (message: never) => unknown[], count: number): void {
  for (let n = 0; n < count; n++) {
    const packed = packr.pack([to, from, ...values(message as never)]);
    if ((packr.unpack(packed) as unknown[]).length < 3) throw new Error('not what was sent');
  }
}

const largeValues = (m: typeof large) => [1, m.key, m.hops, m.flow, m.address, m.port, m.secure, m.bytes];
const smallValues = (m: typeof small) => [2, m.flow, m.statusCode];
const listValues = (m: typeof list) => [
  3,
  m.correlation,
  m.successors.map(({ key, host, lane, chord, life }) => [key, host, lane, chord, life]),
];

/** By name: encodes and decodes a message `count` times. */
export const codecs: readonly (readonly [string, (count: number) => void])[] = [
  ['codec, 500-byte view, wire', (count) => throughWire(large, count)],
  ['codec, 500-byte view, msgpackr array', (count) => throughMsgpackr(large, largeValues, count)],
  ['codec, 500-byte view, wire between hosts', (count) => betweenHosts(large, count)],
  ['codec, small message, wire', (count) => throughWire(small, count)],
  ['codec, small message, msgpackr array', (count) => throughMsgpackr(small, smallValues, count)],
  ['codec, small message, wire between hosts', (count) => betweenHosts(small, count)],
  ['codec, list of 16 members, wire between hosts', (count) => betweenHosts(list, count)],
  ['codec, list of 16 members, msgpackr array', (count) => throughMsgpackr(list, listValues, count)],
];
