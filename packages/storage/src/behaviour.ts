// What a shell needs to run a store over a database: the port actor, and the engines that it can have.
export { SqliteEngine } from './sqlite-engine.ts';
export { storeLimits, storePort } from './store-port.ts';
