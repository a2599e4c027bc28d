// SHA-1 (RFC 3174) of one 64-byte block, as WebAssembly assembled here: every request is hashed, and a call into OpenSSL costs
// more for what it does to the processor's caches than for the hashing. The 80 rounds are written out one by one; a..e change
// roles from round to round instead of being moved, and the schedule lives in 16 locals.
//
//   memory:  byte 0..63 the block, 16 words;  byte 64..83 the digest, 5 words   (both in the machine's order)

/** What we use of it; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const opcode = { end: 0x0b, get: 0x20, set: 0x21, load: 0x28, store: 0x36, constant: 0x41 } as const;
const operation = { add: 0x6a, and: 0x71, or: 0x72, xor: 0x73, rotateLeft: 0x77 } as const;
const int32 = 0x7f;
const initial = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0] as const;
const constants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc | 0, 0xca62c1d6 | 0] as const;
/** Locals 0..4 are a..e, 5..20 the schedule. */
const firstScheduleLocal = 5;
const localsCount = 21;
const digestAt = 64;

/** Signed LEB128, as WebAssembly writes constants. */
function signed(value: number): number[] {
  const octets: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const isLast = (rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0);
    octets.push(isLast ? low : low | 0x80);
    if (isLast) return octets;
  }
}

/** Unsigned LEB128, as WebAssembly writes lengths. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const get = (local: number): number[] => [opcode.get, local];
const set = (local: number): number[] => [opcode.set, local];
const constant = (value: number): number[] => [opcode.constant, ...signed(value)];
const rotated = (value: number[], bits: number): number[] => [...value, ...constant(bits), operation.rotateLeft];

/** f of RFC 3174 5, for round `t` of 0..79. */
function mixed(t: number, b: number, c: number, d: number): number[] {
  const stage = Math.floor(t / 20);
  if (stage === 0) return [...get(d), ...get(b), ...get(c), ...get(d), operation.xor, operation.and, operation.xor];
  const parity = [...get(b), ...get(c), operation.xor, ...get(d), operation.xor];
  if (stage !== 2) return parity;
  const either = [...get(b), ...get(c), operation.or, ...get(d), operation.and];
  return [...get(b), ...get(c), operation.and, ...either, operation.or];
}

function roundCode(t: number): number[] {
  const role = (index: number): number => (((index - t) % 5) + 5) % 5;
  const [a, b, c, d, e] = [role(0), role(1), role(2), role(3), role(4)] as [number, number, number, number, number];
  const word = (back: number): number => firstScheduleLocal + ((t - back) & 15);
  const code: number[] = [];
  if (t >= 16) {
    const sum = [
      ...get(word(3)),
      ...get(word(8)),
      operation.xor,
      ...get(word(14)),
      operation.xor,
      ...get(word(16)),
      operation.xor,
    ];
    code.push(...rotated(sum, 1), ...set(word(16)));
  }
  code.push(...get(e), ...get(word(16)), operation.add, ...constant(constants[Math.floor(t / 20)]!), operation.add);
  code.push(...mixed(t, b, c, d), operation.add, ...rotated(get(a), 5), operation.add, ...set(e));
  code.push(...rotated(get(b), 30), ...set(b));
  return code;
}

function assemble(): Uint8Array<ArrayBuffer> {
  const code: number[] = [1, localsCount, int32];
  for (let i = 0; i < 16; i++) code.push(...constant(0), opcode.load, 2, i * 4, ...set(firstScheduleLocal + i));
  for (let i = 0; i < 5; i++) code.push(...constant(initial[i]!), ...set(i));
  for (let t = 0; t < 80; t++) code.push(...roundCode(t));
  for (let i = 0; i < 5; i++) {
    code.push(
      ...constant(0),
      ...get(i),
      ...constant(initial[i]!),
      operation.add,
      opcode.store,
      2,
      ...unsigned(digestAt + i * 4),
    );
  }
  code.push(opcode.end);
  const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];
  const name = (text: string): number[] => [text.length, ...[...text].map((letter) => letter.charCodeAt(0))];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('digest'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

const { memory, digest } = new WebAssembly.Instance(new WebAssembly.Module(assemble())).exports as {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly digest: () => void;
};

/** Where the caller writes the padded block, 16 words, most significant byte first within a word. */
export const blockWords: Int32Array = new Int32Array(memory.buffer, 0, 16);
/** The digest that `digestBlock` left, 5 words. */
export const digestWords: Int32Array = new Int32Array(memory.buffer, digestAt, 5);
/** Hashes `blockWords` into `digestWords`. */
export const digestBlock: () => void = digest;
