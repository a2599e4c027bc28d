// A comma list cut into its values as text. Commas inside quoted strings and angle brackets part nothing.

import type { Cursor } from './cursor.ts';

/** The values of the line at the cursor, white space around them removed, empty ones left out. */
export function splitList(cursor: Cursor): string[] {
  const { text, end } = cursor;
  const values: string[] = [];
  let start = cursor.position;
  let quoted = false;
  let angle = false;
  const push = (to: number): void => {
    const value = text.slice(start, to).trim();
    if (value !== '') values.push(value);
    start = to + 1;
  };
  for (let p = start; p < end; p++) {
    const code = text.charCodeAt(p);
    if (quoted) {
      if (code === 92) p++;
      else if (code === 34) quoted = false;
    } else if (code === 34 && !angle) quoted = true;
    else if (code === 60) angle = true;
    else if (code === 62) angle = false;
    else if (code === 44 && !angle) push(p);
  }
  push(end);
  return values;
}
