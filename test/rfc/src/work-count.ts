// Whether work grows faster than the input, counted and not timed: `peek` gets its octets through a proxy that counts every
// look at one, for inputs that are slow in parsers that go back, doubled several times. The count per octet must stay below one
// bound for all sizes.

import { Peek, peek } from '@chordial/sip-parser';

/** Looks at one octet that a linear reader may need: line, value, URI twice, quoted string, trimming. */
const looksPerOctetMax = 16;

const head = 'INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n';
const rest = 'Call-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n';
const address = 'From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n';

/** Message texts that repeat one piece `count` times. */
export const shapes: Readonly<Record<string, (count: number) => string>> = {
  'unclosed quote': (count) => `${head}From: "${'x'.repeat(count)}\r\nTo: <sip:a@b>\r\n${rest}`,
  'many quotes': (count) => `${head}From: ${'"" '.repeat(count)}<sip:a@b>\r\nTo: <sip:a@b>\r\n${rest}`,
  'backslashes in a quote': (count) => `${head}From: "${'\\\\'.repeat(count)}" <sip:a@b>\r\nTo: <sip:a@b>\r\n${rest}`,
  'folds in a value': (count) => `${head}From: a${'\r\n '.repeat(count)}<sip:a@b>\r\nTo: <sip:a@b>\r\n${rest}`,
  'folds between parameters': (count) =>
    `${head}From: <sip:a@b>${';a\r\n =\r\n b'.repeat(count)}\r\nTo: <sip:a@b>\r\n${rest}`,
  'spaces before a semicolon': (count) =>
    `${head}From: <sip:a@b>${' '.repeat(count)};tag=1\r\nTo: <sip:a@b>\r\n${rest}`,
  'spaces at the end': (count) => `${head}${address}Contact: <sip:a@b>${' '.repeat(count)}\r\n${rest}`,
  'words before an angle bracket': (count) => `${head}From: ${'a '.repeat(count)}<sip:a@b>\r\nTo: <sip:a@b>\r\n${rest}`,
  'words without an angle bracket': (count) => `${head}From: ${'a '.repeat(count)}\r\nTo: <sip:a@b>\r\n${rest}`,
  'a URI without an at-sign': (count) => `${head}From: <sip:${'a'.repeat(count)}>\r\nTo: <sip:a@b>\r\n${rest}`,
  'a user of escapes': (count) => `${head}From: <sip:${'%41'.repeat(count)}@b>\r\nTo: <sip:a@b>\r\n${rest}`,
  'at-signs': (count) => `${head}From: <sip:${'a@'.repeat(count)}>\r\nTo: <sip:a@b>\r\n${rest}`,
  'angle brackets': (count) => `${head}From: ${'<'.repeat(count)}\r\nTo: <sip:a@b>\r\n${rest}`,
  'commas in Via': (count) => `${head}Via: SIP/2.0/UDP a${',SIP/2.0/UDP b'.repeat(count)}\r\n${address}${rest}`,
  'header lines': (count) => `${head}${address}${'X: y\r\n'.repeat(Math.min(count, 200))}${rest}`,
  'a long name': (count) => `${head}${address}${'X'.repeat(count)}: y\r\n${rest}`,
  'a long number': (count) => `${head}${address}Max-Forwards: ${'0'.repeat(count)}\r\n${rest}`,
  'empty lines before': (count) => `${'\r\n'.repeat(count)}${head}${address}${rest}`,
  CRs: (count) => `${head}From: ${'\r'.repeat(count)}\r\n${rest}`,
  'a start line of spaces': (count) => `INVITE${' '.repeat(count)}sip:a@b SIP/2.0\r\n${address}${rest}`,
  'a method of letters': (count) => `${'A'.repeat(count)}`,
};

/** The looks at octets that `peek` needs for these. */
export function countLooks(text: string): number {
  const octets = new Uint8Array(Buffer.from(text, 'latin1'));
  let looks = 0;
  const counted = new Proxy(octets, {
    get(target, key) {
      looks++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  peek(counted, 0, octets.length, new Peek());
  return looks;
}

/** The shapes for which `peek` looks at octets more than linearly often, with the counts. */
export function superLinearShapes(): readonly string[] {
  const slow: string[] = [];
  for (const [name, build] of Object.entries(shapes)) {
    for (const count of [500, 1000, 2000, 4000, 8000]) {
      const text = build(count);
      const looks = countLooks(text);
      if (looks > looksPerOctetMax * text.length) slow.push(`${name}: ${looks} looks at ${text.length} octets`);
    }
  }
  return slow;
}
