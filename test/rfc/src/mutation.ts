// Mutations of octets: flips, cuts, copies, splices of two messages, and pieces that SIP parsers trip over. All from one
// seed, so that a run can be repeated.

/** xorshift32: small, fast, the same everywhere. */
export class SeededRandom {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) | 0 || 1;
  }
  /** An integer from 0 to below `bound`. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % bound;
  }
}

const pieces: readonly Uint8Array[] = [
  '\r\n',
  '\n',
  '\r',
  '\r\n ',
  '\r\n\t',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  ';',
  ';;',
  ',',
  ',,',
  ':',
  '"',
  '\\',
  '\\"',
  '<',
  '>',
  '@',
  '%',
  '%00',
  '%41',
  '%zz',
  '=',
  '?',
  '*',
  '[',
  ']',
  '[::1]',
  '[2001:db8:::1]',
  '&',
  '65536',
  '4294967296',
  '99999999999999999999',
  '-1',
  '0',
  'sip:',
  'sips:',
  'tel:',
  'SIP/2.0',
  'SIP/3.0',
  ';tag=x',
  ';branch=z9hG4bK',
  ';rport',
  ';rport=5',
  ';received=1.2.3.4',
  ';lr',
  ';q=0.5',
  ';expires=60',
  '\u00e9',
  '\u{1f600}',
  '\xff'.normalize(),
  'Via: ',
  '\r\nVia: SIP/2.0/UDP a',
  '\r\nTo: <sip:a@b>',
  '\r\nf: sip:a@b',
  '\r\nl: 5',
  '\r\nContent-Length: 0',
  '\r\nContact: *',
  '\r\nRoute: <sip:p;lr>',
  '\r\nCSeq: 1 INVITE',
  '\r\nx',
  '\r\ni:1',
  ' : ',
].map((text) => new Uint8Array(Buffer.from(text, 'utf8')));

const inputBytesMax = 8192;

function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1);
  const rest = bytes.length - at;
  switch (random.below(9)) {
    case 0: {
      const copy = bytes.slice();
      if (rest > 0) copy[at] = random.below(256);
      return copy;
    }
    case 1: {
      const copy = bytes.slice();
      if (rest > 0) copy[at]! ^= 1 << random.below(8);
      return copy;
    }
    case 2:
      return splice(bytes, at, Math.min(rest, 1 + random.below(8)), new Uint8Array(0));
    case 3:
    case 4:
      return splice(bytes, at, 0, pieces[random.below(pieces.length)]!);
    case 5:
      return splice(bytes, at, Math.min(rest, 1 + random.below(4)), pieces[random.below(pieces.length)]!);
    case 6:
      return bytes.slice(0, at);
    case 7: {
      const from = random.below(other.length + 1);
      return splice(bytes, at, Math.min(rest, random.below(64)), other.subarray(from, from + random.below(64)));
    }
    default: {
      const from = random.below(bytes.length + 1);
      return splice(bytes, at, 0, bytes.slice(from, from + random.below(80)));
    }
  }
}

/** One to four mutations of `bytes`. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  let result = bytes;
  for (let count = 1 + random.below(4); count > 0; count--) result = mutateOnce(result, other, random);
  return result.length > inputBytesMax ? result.slice(0, inputBytesMax) : result;
}

/** The smallest input found that still fails, by leaving out ever smaller pieces. */
export function minimise(bytes: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length; ) {
      const shorter = splice(best, at, Math.min(size, best.length - at), new Uint8Array(0));
      if (fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
