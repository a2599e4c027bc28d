// The simulated shell: the same actors as in production, in virtual time, from one seed, with faults at will.
export { type FaultPlan, formatFault, rollFaults } from './fault.ts';
export { formatLine } from './history.ts';
export type { SimulatedHost } from './host.ts';
export {
  type Figures,
  inputOf,
  type Rules,
  type RunResult,
  runScenario,
  type Scenario,
  type Stage,
} from './scenario.ts';
export { type SeedsResult, simulateSeeds } from './seeds.ts';
export { Simulation } from './simulation.ts';
