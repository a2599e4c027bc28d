// The front door: the checker, the shape of histories and models, and three models.
export { type CheckLimits, checkHistory, type Verdict } from './check.ts';
export { type Model, type Operation, timeTrouble } from './history.ts';
export {
  compareAndSetRegister,
  type RegisterInput,
  type RegisterOutput,
  type Value,
} from './models/compare-and-set-register.ts';
export { counter } from './models/counter.ts';
export { set } from './models/set.ts';
export type { Problem } from './problem.ts';
