// The value of a copy and the siblings in it. One sibling that lives as long as the copy is kept as it is, which is nearly always so; else the
// value is a mark, the length of each text with by how much earlier than the copy it expires (base 36), and the texts as they are. No time of day
// is in it, since hosts' clocks differ. A copy may have to outlive its siblings, as what it superseded could come back from a host that was away.
//
//    \u0001 5.0,5.1f4|helloworld

/** Begins a value that is a list. */
const mark = '\u0001';
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with the mark
const shape = /^\u0001([0-9a-z]{1,4}\.[0-9a-z]{1,11}(?:,[0-9a-z]{1,4}\.[0-9a-z]{1,11})*)\|/;

/** A sibling with the time that it has left; Infinity when it does not expire. */
export interface Lasting {
  readonly text: string;
  readonly leftMs: number;
}

/** For a copy with this time left; Infinity when it does not expire, and then none of its siblings does. */
export function valueText(siblings: readonly Lasting[], leftMs: number): string {
  if (siblings.length === 0) return '';
  const [{ text, leftMs: firstLeftMs }] = siblings as [Lasting];
  if (siblings.length === 1 && firstLeftMs === leftMs && !text.startsWith(mark)) return text;
  const head = siblings.map((one) => {
    const earlierMs = leftMs === Infinity ? 0 : Math.round(leftMs - one.leftMs);
    return `${one.text.length.toString(36)}.${earlierMs.toString(36)}`;
  });
  return `${mark}${head.join(',')}|${siblings.map((one) => one.text).join('')}`;
}

/** The siblings of a copy that has `count` of them; undefined when the value is not one of such a copy. */
export function valueSiblings(value: string, leftMs: number, count: number): Lasting[] | undefined {
  if (count === 0) return value === '' ? [] : undefined;
  if (!value.startsWith(mark)) return count === 1 ? [{ text: value, leftMs }] : undefined;
  const [head, listed] = shape.exec(value) ?? [];
  const entries = listed?.split(',') ?? [];
  if (head === undefined || entries.length !== count) return undefined;
  const siblings: Lasting[] = [];
  let at = head.length;
  for (const entry of entries) {
    const [length, earlierMs] = entry.split('.').map((digits) => Number.parseInt(digits, 36)) as [number, number];
    siblings.push({ text: value.slice(at, at + length), leftMs: leftMs - earlierMs });
    at += length;
  }
  return at === value.length ? siblings : undefined;
}
