// Sums what the actors of a lane show of themselves, so that ten thousand peers make one row of figures and not ten
// thousand. Nested records become dotted names: `{dropped: {malformed: 2}}` counts as `dropped.malformed`.
import type { Cell } from '@chordial/actor/shell';

export type Totals = Record<string, Record<string, number>>;

/** By behaviour name: `actors`, and the sum of every number that `inspect` shows. Linear in actors; for operators only. */
export function totalsOf(cells: Iterable<Cell>): Totals {
  const totals = new Map<string, Map<string, number>>();
  for (const cell of cells) {
    const { name, inspect } = cell.behaviour;
    let sums = totals.get(name);
    if (sums === undefined) {
      sums = new Map();
      totals.set(name, sums);
    }
    sums.set('actors', (sums.get('actors') ?? 0) + 1);
    if (inspect !== undefined && cell.phase === 'running') add(sums, '', inspect(cell.state));
  }
  return Object.fromEntries([...totals].map(([name, sums]) => [name, Object.fromEntries(sums)]));
}

function add(sums: Map<string, number>, name: string, shown: unknown): void {
  if (typeof shown === 'number') sums.set(name, (sums.get(name) ?? 0) + shown);
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) return;
  for (const [field, value] of Object.entries(shown)) add(sums, name === '' ? field : `${name}.${field}`, value);
}
