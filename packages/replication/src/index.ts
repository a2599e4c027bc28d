// The public face of the replication; its words are in `@chordial/replication/protocol`, its actors in `@chordial/replication/behaviour`.
export { storeNameRecord } from './acceptor-home.ts';
export {
  type CoordinatorConfig,
  type CoordinatorLimits,
  defaultCoordinatorLimits,
  type MergeSiblings,
  type TableConfig,
} from './coordinator-state.ts';
export { groupOf } from './group.ts';
export { defaultReplicaConfig } from './replica-state.ts';
export type { Sibling } from './versions.ts';
