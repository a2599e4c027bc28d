// The public face of the PostgreSQL engine, apart from the package's other faces so that `pg` is loaded only where it is used. It goes behind
// the store port (`storePort`), which needs its `deliver`, as this engine answers later.
export { PostgresEngine, type PostgresOptions } from './postgres-engine.ts';
