/** The package's door `millrace/testing`: pipelines on virtual time, and faults for a user's own jobs. */
export type { HarnessBuild, HarnessOptions } from './described-pipeline.js';
export type { HarnessIO } from './harness-ports.js';
export type { OutputRecord } from './harness-sink.js';
export { type HarnessSnapshot, PipelineHarness } from './pipeline-harness.js';
export { StorageOutage } from './storage-outage.js';
export { endsItsThread, type ThreadEnd, threadEndPlan } from './thread-ends.js';
