// A comma list cut into its values as text. Commas inside quoted strings and angle brackets part nothing.

import { utf8FromOctets } from './cursor.ts';

const QUOTE = 34;
const COMMA = 44;
const LESS = 60;
const GREATER = 62;
const BACKSLASH = 92;

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 13 || code === 10;

/** Adds [start, end) of a text without the white space around it, if anything is left. */
function addTrimmed(text: string, start: number, end: number, isAscii: boolean, values: string[]): void {
  let first = start;
  let last = end;
  while (first < last && isSpace(text.charCodeAt(first))) first++;
  while (last > first && isSpace(text.charCodeAt(last - 1))) last--;
  if (last > first) values.push(utf8FromOctets(text.slice(first, last), isAscii));
}

/** Adds the values of the line at [start, end) of a text, white space around them removed, empty ones left out. */
export function splitList(text: string, start: number, end: number, isAscii: boolean, values: string[]): void {
  let first = start;
  let quoted = false;
  let angle = false;
  for (let p = start; p < end; p++) {
    const code = text.charCodeAt(p);
    if (quoted) {
      if (code === BACKSLASH) p++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE && !angle) quoted = true;
    else if (code === LESS) angle = true;
    else if (code === GREATER) angle = false;
    else if (code === COMMA && !angle) {
      addTrimmed(text, first, p, isAscii, values);
      first = p + 1;
    }
  }
  addTrimmed(text, first, end, isAscii, values);
}
