/** The package's door `millrace/testing`: pipelines on virtual time, and faults for a user's own jobs. */

export type { HarnessBuild, HarnessOptions } from './described-pipeline.js';
export {
  type FastCheck,
  type FaultPlanArbitrary,
  type FaultPlansOptions,
  faultPlans,
} from './fault-plans.js';
export type { HarnessIO } from './harness-ports.js';
export type { OutputRecord } from './harness-sink.js';
export { type HarnessSnapshot, PipelineHarness } from './pipeline-harness.js';
export type { FaultKind, PlannedFault } from './planned-fault.js';
export {
  compareResults,
  type MisplacedResult,
  type RepeatedResult,
  type ResultComparison,
  type ResultDifference,
} from './result-difference.js';
export { type SimulationReport, simulate } from './simulate.js';
export type { Simulation } from './simulation.js';
export type { SimulatedFiles, SimulatedSourceOptions, SimulationIO } from './simulation-io.js';
export { StorageOutage } from './storage-outage.js';
export { endsItsThread, type ThreadEnd, threadEndPlan } from './thread-ends.js';
