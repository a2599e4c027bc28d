// What two hosts say first. The caller's `hello` and the answer's `welcome` each end with a proof that its writer has the ring's token:
// HMAC-SHA256 under the token over a label, 32 bytes that only the two ends of this TLS connection have (exporter, RFC 8446 7.5, RFC 9266) and
// what was said. So the token never crosses, and a proof given to a man in the middle is of no use on another connection.
//
//   hello    magic u32 | version min u8, max u8 | ring 32 | host u16 | lane u8 | life f64 | opened f64 | port u16 | address | later fields | proof 32
//   welcome  version u8 | host u16 | lane u8 | life f64 | hosts u16: host u16, port u16, key 32, address | later fields | proof 32
//   refused  code u8                                        address: length u8, text
//
// A reader skips fields it does not know, as the proof is found from the end.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RingHost } from './ring-options.ts';

const magic = 0x43_48_52_44;
const proofBytes = 32;
/** Up to the address. */
const helloFixedBytes = 59;
export const hostsToldMax = 2_000;

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}
/** What this release speaks. Frames and records grow by appending, so a new version is for what cannot be appended. */
export const versionsSpoken: VersionRange = { min: 1, max: 1 };

export const refusalCodes = ['wrong-version', 'wrong-ring', 'wrong-token', 'wrong-key', 'wrong-host', 'busy'] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** Why a host was not spoken with, in words for an operator. */
export const refusalSentences: Readonly<Record<RefusalCode, string>> = {
  'wrong-version': 'the two hosts speak no common version of the link protocol',
  'wrong-ring': 'it belongs to a ring of another name',
  'wrong-token': 'the two hosts do not have the same token',
  'wrong-key': 'the key is not the one that is known for that host',
  'wrong-host': 'the host is not the one that was expected, or has no usable address',
  busy: 'it has no room for another connection',
};

export interface Hello {
  readonly versions: VersionRange;
  readonly ring: Buffer;
  /** 0 for a visitor, which only asks who is there. */
  readonly host: number;
  readonly lane: number;
  /** Wall-clock milliseconds at which the caller's process began. */
  readonly life: number;
  /** The same for this connection: of two from one lane the later counts. */
  readonly openedAt: number;
  readonly address: string;
  readonly port: number;
}

export interface Welcome {
  readonly version: number;
  readonly host: number;
  readonly lane: number;
  readonly life: number;
  /** Only to visitors. */
  readonly hosts: readonly RingHost[];
}

export const ringId = (ringName: string): Buffer => createHash('sha256').update(`chordial ring ${ringName}`).digest();

/** The same 32 bytes at both ends of a connection, and at no others. */
export const exporterOf = (socket: TLSSocket): Buffer =>
  socket.exportKeyingMaterial(32, 'EXPORTER-chordial-ring', Buffer.alloc(0));

function proofOf(token: string, label: 'hello' | 'welcome', exporter: Buffer, ...said: readonly Buffer[]): Buffer {
  const hmac = createHmac('sha256', token).update(`chordial ring link ${label} 1\0`).update(exporter);
  for (const part of said) hmac.update(part);
  return hmac.digest();
}

const addressBytes = (address: string): Buffer => {
  const text = Buffer.from(address, 'latin1');
  return Buffer.concat([Buffer.of(text.length), text]);
};

export function writeHello(hello: Hello, token: string, exporter: Buffer): Buffer {
  const fixed = Buffer.alloc(helloFixedBytes);
  fixed.writeUInt32BE(magic, 0);
  fixed[4] = hello.versions.min;
  fixed[5] = hello.versions.max;
  fixed.set(hello.ring, 6);
  fixed.writeUInt16LE(hello.host, 38);
  fixed[40] = hello.lane;
  fixed.writeDoubleLE(hello.life, 41);
  fixed.writeDoubleLE(hello.openedAt, 49);
  fixed.writeUInt16LE(hello.port, 57);
  const said = Buffer.concat([fixed, addressBytes(hello.address)]);
  return Buffer.concat([said, proofOf(token, 'hello', exporter, said)]);
}

/** Undefined for bytes that are no hello. */
export function readHello(body: Buffer): Hello | undefined {
  if (body.length < helloFixedBytes + 1 + proofBytes || body.readUInt32BE(0) !== magic) return undefined;
  const addressEnd = helloFixedBytes + 1 + body[helloFixedBytes]!;
  if (addressEnd > body.length - proofBytes) return undefined;
  return {
    versions: { min: body[4]!, max: body[5]! },
    ring: body.subarray(6, 38),
    host: body.readUInt16LE(38),
    lane: body[40]!,
    life: body.readDoubleLE(41),
    openedAt: body.readDoubleLE(49),
    port: body.readUInt16LE(57),
    address: body.toString('latin1', helloFixedBytes + 1, addressEnd),
  };
}

/** What a host that is called thinks of a hello, its number and key aside; a version when nothing is wrong. */
export function judgeHello(
  body: Buffer,
  hello: Hello,
  ring: Buffer,
  versions: VersionRange,
  token: string,
  exporter: Buffer,
): RefusalCode | number {
  const version = Math.min(hello.versions.max, versions.max);
  if (version < Math.max(hello.versions.min, versions.min)) return 'wrong-version';
  if (!timingSafeEqual(hello.ring, ring)) return 'wrong-ring';
  if (!isProved(body, token, 'hello', exporter)) return 'wrong-token';
  // From here on the caller is one of us, or has the token in any case.
  if (hello.host !== 0 && (isIP(hello.address) === 0 || hello.port === 0)) return 'wrong-host';
  return Number.isFinite(hello.life) && Number.isFinite(hello.openedAt) ? version : 'wrong-host';
}

function isProved(
  body: Buffer,
  token: string,
  label: 'hello' | 'welcome',
  exporter: Buffer,
  ...said: Buffer[]
): boolean {
  const at = body.length - proofBytes;
  return timingSafeEqual(body.subarray(at), proofOf(token, label, exporter, ...said, body.subarray(0, at)));
}

/** `hello` is the body that is answered: the proof covers it, so that nobody changed it on the way. */
export function writeWelcome(welcome: Welcome, hello: Buffer, token: string, exporter: Buffer): Buffer {
  const fixed = Buffer.alloc(14);
  fixed[0] = welcome.version;
  fixed.writeUInt16LE(welcome.host, 1);
  fixed[3] = welcome.lane;
  fixed.writeDoubleLE(welcome.life, 4);
  const told = welcome.hosts.slice(0, hostsToldMax);
  fixed.writeUInt16LE(told.length, 12);
  const hosts = told.map(({ host, port, fingerprint, address }) => {
    const entry = Buffer.alloc(36);
    entry.writeUInt16LE(host, 0);
    entry.writeUInt16LE(port, 2);
    entry.set(Buffer.from(fingerprint, 'base64url').subarray(0, 32), 4);
    return Buffer.concat([entry, addressBytes(address)]);
  });
  const said = Buffer.concat([fixed, ...hosts]);
  return Buffer.concat([said, proofOf(token, 'welcome', exporter, hello, said)]);
}

/** What a caller makes of the answer to its hello. */
export function readWelcome(
  body: Buffer,
  hello: Buffer,
  versions: VersionRange,
  token: string,
  exporter: Buffer,
): Welcome | RefusalCode | undefined {
  if (body.length < 14 + proofBytes) return undefined;
  if (!isProved(body, token, 'welcome', exporter, hello)) return 'wrong-token';
  const version = body[0]!;
  if (version < versions.min || version > versions.max) return 'wrong-version';
  const end = body.length - proofBytes;
  const hosts: RingHost[] = [];
  let at = 14;
  for (let left = body.readUInt16LE(12); left > 0; left--) {
    const addressEnd = at + 37 <= end ? at + 37 + body[at + 36]! : end + 1;
    if (addressEnd > end) return undefined;
    const address = body.toString('latin1', at + 37, addressEnd);
    const fingerprint = body.toString('base64url', at + 4, at + 36);
    hosts.push({ host: body.readUInt16LE(at), address, port: body.readUInt16LE(at + 2), fingerprint });
    at = addressEnd;
  }
  return { version, host: body.readUInt16LE(1), lane: body[3]!, life: body.readDoubleLE(4), hosts };
}

export const writeRefused = (code: RefusalCode): Buffer => Buffer.of(refusalCodes.indexOf(code));
export const readRefused = (body: Buffer): RefusalCode | undefined => refusalCodes[body[0] ?? 255];
