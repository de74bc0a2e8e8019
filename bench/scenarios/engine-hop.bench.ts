import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { LocalCluster, type LocalJob } from 'millrace';
import { medianOf, Report, SMALL } from '../harness.js';
import { overPostMessage, overRing } from './bare-hop.js';
import job from './engine-hop-job.js';

/**
 * The hop of the running engine: a source task and a sink task, with mail, watermarks, heartbeats, gauges and
 * a checkpoint each second, aligned and unaligned, beside the same records over a bare ring and over postMessage. A
 * round measures all of them one after another, and the ratios are those of rounds: a minute later the machine is
 * another.
 */
const COUNT = SMALL ? 40_000 : 4_000_000;
/** Through the engine so many more: it is measured when the threads of a next attempt have been warmed as well. */
const ENGINE_COUNT = SMALL ? COUNT : COUNT * 4;
const ROUNDS = SMALL ? 1 : 5;
/** Vertex of the sink. */
const SINK = 1;

/** Records that the sink had taken at a moment. */
interface Reading {
  readonly records: number;
  readonly atMs: number;
}

/** The first reading with at least so many records, or the last one of a job that has ended. */
async function reading(submitted: LocalJob, atLeast: number): Promise<Reading> {
  for (;;) {
    const tasks = await submitted.tasks();
    const atMs = performance.now();
    const records = tasks.find(({ vertexId }) => vertexId === SINK)?.records ?? 0;
    if (records >= atLeast) return { records, atMs };
    await after(1);
  }
}

/** Records per second between the first half of the records and the last tenth. */
async function overEngine(cluster: LocalCluster, unaligned: boolean): Promise<number> {
  const configuration = { 'execution.checkpointing.unaligned.enabled': unaligned };
  const submitted = await cluster.submit(job, { count: ENGINE_COUNT }, { configuration });
  const begin = await reading(submitted, ENGINE_COUNT * 0.5);
  const end = await reading(submitted, ENGINE_COUNT * 0.9);
  await submitted.result();
  return ((end.records - begin.records) / (end.atMs - begin.atMs)) * 1000;
}

const report = new Report('engine-hop');
const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const cluster = await LocalCluster.start({ checkpointing: { interval: '1 s', dir } });
const engine: number[] = [];
const overtaking: number[] = [];
const ring: number[] = [];
const message: number[] = [];
try {
  for (let round = 0; round < ROUNDS; round++) {
    engine.push(await overEngine(cluster, false));
    overtaking.push(await overEngine(cluster, true));
    ring.push(await overRing('ring', COUNT));
    message.push(await overPostMessage(COUNT >> 2));
  }
} finally {
  await cluster.close();
  rmSync(dir, { recursive: true });
}
const times = (numerators: readonly number[], denominators: readonly number[]): number =>
  medianOf(numerators.map((value, round) => value / (denominators[round] ?? Number.NaN)));
report.value('running engine', medianOf(engine), 'records/s');
report.value('bare ring, same codec', medianOf(ring), 'records/s');
report.value('postMessage, batches of 1,000', medianOf(message), 'records/s');
report.value('running engine, unaligned checkpoints', medianOf(overtaking), 'records/s');
report.atLeast('unaligned checkpoints to aligned ones', times(overtaking, engine), 0.9, 'x');
report.atLeast('running engine to postMessage', times(engine, message), 2.5, 'x');
report.atLeast('running engine to the bare ring', times(engine, ring), 0.6, 'x');
process.exitCode = report.finish() ? 0 : 1;
