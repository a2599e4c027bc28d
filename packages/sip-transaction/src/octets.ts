// Text and numbers into octets, without allocation. Header lines are ASCII nearly always; what is not becomes UTF-8.

const QUESTION_MARK = 63;

/** Octets that `putUtf8` writes at most for one UTF-16 unit. */
export const UTF8_BYTES_MAX = 3;

export function putUtf8(target: Uint8Array, offset: number, text: string): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[at++] = unit;
      continue;
    }
    const point = text.codePointAt(i)!;
    if (point < 0x800) target[at++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) target[at++] = 0xe0 | (point >> 12);
      else {
        i++;
        target[at++] = 0xf0 | (point >> 18);
        target[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      target[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    target[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}

/** One line of visible ASCII: anything else becomes "?", so that a reason phrase cannot add header lines. */
export function putVisible(target: Uint8Array, offset: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    target[offset + i] = unit < 32 || unit > 126 ? QUESTION_MARK : unit;
  }
  return offset + text.length;
}

export function putNumber(target: Uint8Array, offset: number, value: number): number {
  let end = offset + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  let rest = value;
  for (let at = end - 1; at >= offset; at--) {
    target[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return end;
}
