// The value of a copy and the siblings in it. One sibling that lives as long as the copy is kept as it is, which is nearly always so; else the
// value is a mark and a JSON array of [text, by how much earlier than the copy it expires]. No time of day is in it, since hosts' clocks
// differ. A copy may have to outlive its siblings, as what it superseded could come back from a host that was away.

/** Begins a value that is a list. */
const mark = '\u0001';

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
  return (
    mark + JSON.stringify(siblings.map((one) => [one.text, leftMs === Infinity ? 0 : Math.round(leftMs - one.leftMs)]))
  );
}

/** The siblings of a copy that has `count` of them; undefined when the value is not one of such a copy. */
export function valueSiblings(value: string, leftMs: number, count: number): Lasting[] | undefined {
  if (count === 0) return value === '' ? [] : undefined;
  if (!value.startsWith(mark)) return count === 1 ? [{ text: value, leftMs }] : undefined;
  const listed = parsed(value.slice(1));
  if (!Array.isArray(listed) || listed.length !== count) return undefined;
  const siblings: Lasting[] = [];
  for (const entry of listed as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [text, earlierMs] = entry as unknown[];
    if (typeof text !== 'string' || typeof earlierMs !== 'number' || !(earlierMs >= 0)) return undefined;
    siblings.push({ text, leftMs: leftMs - earlierMs });
  }
  return siblings;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
