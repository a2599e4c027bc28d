// The public face of the storage; its words are in `@chordial/storage/protocol`.
export { SqliteEngine, storeLimits, storePort } from './behaviour.ts';
export type { Engine } from './engine.ts';
export { ExportReader } from './export-disk.ts';
export type { SqliteOptions } from './sqlite-engine.ts';
export type { StorePortConfig } from './store-port.ts';
