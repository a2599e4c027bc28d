// What a datagram is before any parser sees it: keep-alives and other protocols on the port are cheap to tell from SIP by
// their first octets, and must not cost a parse or an answer (RFC 5626 4.4 and 5.4, RFC 7983).

const CR = 13;
const LF = 10;
const SP = 32;

export type DatagramClass = 'sip' | 'keep-alive' | 'foreign';

/** The first octet that is neither CR nor LF; `end` when there is none. Empty lines before a start line are ignored (RFC 3261 7.5). */
export function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
  return at;
}

/** `start` is past empty lines. Nothing left is a CRLF keep-alive, four NULs is what some phones send instead. */
export function classifyDatagram(bytes: Uint8Array, start: number, end: number): DatagramClass {
  if (start === end) return 'keep-alive';
  const first = bytes[start]!;
  if (first > SP) return 'sip';
  return first === 0 && end - start <= 4 ? 'keep-alive' : 'foreign';
}
