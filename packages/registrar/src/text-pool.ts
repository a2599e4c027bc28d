// Keeps one copy of texts that thousands of phones send alike, such as User-Agent. A direct-mapped table: a text that
// falls on the place of another takes it, so the size is fixed and nothing needs to be evicted.

export class TextPool {
  readonly #texts: (string | undefined)[];

  /** `placesCount` is a power of two. */
  constructor(placesCount: number) {
    this.#texts = new Array<string | undefined>(placesCount).fill(undefined);
  }

  /** The printable ASCII of `bytes[start, end)`, other octets as `?`. */
  textAt(bytes: Uint8Array, start: number, end: number): string {
    if (end <= start) return '';
    let hash = 0x811c9dc5; // FNV-1a
    for (let p = start; p < end; p++) hash = Math.imul(hash ^ bytes[p]!, 0x01000193);
    const place = (hash ^ (hash >>> 16)) & (this.#texts.length - 1);
    const known = this.#texts[place];
    if (known !== undefined && isTextAt(known, bytes, start, end)) return known;
    const codes: number[] = [];
    for (let p = start; p < end; p++) codes.push(printable(bytes[p]!));
    const text = String.fromCharCode(...codes);
    this.#texts[place] = text;
    return text;
  }
}

const printable = (octet: number): number => (octet >= 32 && octet < 127 ? octet : 63);

function isTextAt(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== printable(bytes[start + i]!)) return false;
  return true;
}
