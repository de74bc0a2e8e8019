import { RESCALED_TOPOLOGIES, rescaledRun, TARGETS } from './rescaled-runs.js';

/** Every topology that Flink rescales with data in flight, from parallelism 2 to each other one. */
let failed = 0;
let passed = 0;
for (const topology of RESCALED_TOPOLOGIES) {
  for (const parallelism of TARGETS) {
    const { wrong, bytes } = rescaledRun(topology, parallelism);
    console.log(wrong ?? `${topology} from 2 to ${parallelism}: each once, ${bytes} bytes were in flight`);
    if (wrong === undefined) passed++;
    else failed++;
  }
}
console.log(`Node ${process.version}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
