// Finds in a request the header lines that only a registrar needs, straight from its octets: `Peek` knows those that
// routing needs, and a full parse costs several times as much as everything else the registrar does. The octets went
// through `peek` before, so lines end with CRLF and every name has its colon.

const CR = 13;
const SP = 32;
const HT = 9;
const COLON = 58;

/** Values that lie at [start, end), white space around them not included; 0, 0 when absent. One object is reused. */
export class HeaderLines {
  contactLinesCount = 0;
  contactStart = 0;
  contactEnd = 0;
  expiresLinesCount = 0;
  expiresStart = 0;
  expiresEnd = 0;
  userAgentStart = 0;
  userAgentEnd = 0;

  /** Reads the header lines of `bytes[start, end)`; `start` is that of the start line, `end` that of the body. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.contactLinesCount = 0;
    this.expiresLinesCount = 0;
    this.expiresStart = 0;
    this.expiresEnd = 0;
    this.userAgentStart = 0;
    this.userAgentEnd = 0;
    let line = lineEnd(bytes, start, end) + 2;
    while (line < end) {
      const next = lineEnd(bytes, line, end);
      const first = bytes[line]! | 32;
      if (first === 99 || first === 109 || first === 101 || first === 117) this.#take(bytes, line, next);
      line = next + 2;
    }
  }

  #take(bytes: Uint8Array, line: number, end: number): void {
    let colon = line;
    while (colon < end && bytes[colon] !== COLON) colon++;
    let nameEnd = colon;
    while (nameEnd > line && bytes[nameEnd - 1]! <= SP) nameEnd--;
    let from = colon + 1;
    let to = end;
    while (from < to && bytes[from]! <= SP) from++;
    while (to > from && bytes[to - 1]! <= SP) to--;
    if (isName(bytes, line, nameEnd, 'contact') || isName(bytes, line, nameEnd, 'm')) {
      this.contactLinesCount++;
      this.contactStart = from;
      this.contactEnd = to;
    } else if (isName(bytes, line, nameEnd, 'expires')) {
      this.expiresLinesCount++;
      this.expiresStart = from;
      this.expiresEnd = to;
    } else if (isName(bytes, line, nameEnd, 'user-agent')) {
      this.userAgentStart = from;
      this.userAgentEnd = to;
    }
  }
}

/** Where the CR of the line's CRLF is; a CRLF before a space or tab is a fold and ends nothing (RFC 3261 7.3.1). */
function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  for (;;) {
    while (p < end && bytes[p] !== CR) p++;
    if (p >= end || (bytes[p + 2] !== SP && bytes[p + 2] !== HT)) return p;
    p += 3;
  }
}

/** Header names are case-insensitive (RFC 3261 7.3.1); `name` is in lower case. */
function isName(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const octet = bytes[start + i]!;
    if ((octet >= 65 && octet <= 90 ? octet + 32 : octet) !== name.charCodeAt(i)) return false;
  }
  return true;
}
