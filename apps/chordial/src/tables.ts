// The tables of records that this service keeps on several hosts: how many, and how versions that were written apart become one.
import { bindingsTable, mergeBindings } from '@chordial/location';
import type { TableConfig } from '@chordial/replication';

/** `records` and `ordered` are for operators and for whoever builds on the ring; they have no other user. */
export const tables: readonly TableConfig[] = [
  { table: bindingsTable, name: 'bindings', n: 3, r: 2, w: 2, merge: mergeBindings, isOrdered: false },
  { table: 2, name: 'records', n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: false },
  { table: 3, name: 'ordered', n: 3, r: 2, w: 2, merge: 'latest', isOrdered: true },
];

export const tableNames: readonly string[] = tables.map(({ name }) => name);

/** Hosts that keep a record, where there are so many. */
export const copiesMax = Math.max(...tables.map(({ n }) => n));

export const tableNamed = (name: string): TableConfig | undefined => tables.find((table) => table.name === name);

export const tableName = (number: number): string =>
  tables.find(({ table }) => table === number)?.name ?? String(number);
