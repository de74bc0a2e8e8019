import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { wallMs } from '../browser/page-state.js';
import { bottleneckFinding, slowestName } from '../model/bottleneck.js';
import { failedCheckpointFinding } from '../model/checkpoint-story.js';
import { stalledFindings, WatermarkWatch } from '../model/event-time-stall.js';
import { failureFinding } from '../model/failure-story.js';
import type { Finding } from '../model/finding.js';
import type { CheckpointStatistics, JobDetail, RootException } from '../model/flink-json.js';
import type { Load } from '../model/vertex-load.js';
import { useFailedCheckpoint } from './failed-checkpoint.js';
import { Findings } from './findings.js';
import { JobGraph } from './job-graph.js';
import { isEnded } from './jobs-table.js';
import { VertexTable } from './vertex-table.js';
import type { Watermarks } from './watermarks.js';

/** What stands out, the graph, and the same figures as a table. */
export function GraphTab(props: {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
  readonly watermarks: Watermarks;
  readonly checkpoints: CheckpointStatistics | undefined;
  readonly failures: readonly RootException[];
}): JSX.Element {
  const { job, loads, watermarks, checkpoints, failures } = props;
  const failed = useFailedCheckpoint(job.jid, checkpoints);
  const watch = useRef<WatermarkWatch | undefined>(undefined);
  watch.current ??= new WatermarkWatch();
  watch.current.look(watermarks, job.now);
  const found: readonly (Finding | undefined)[] = [
    failureFinding(job, failures, wallMs()),
    ...(isEnded(job) ? [] : [bottleneckFinding(job, loads), ...stalledFindings(job, watch.current)]),
    failedCheckpointFinding(
      job,
      { failed, completed: checkpoints?.latest.completed, slowest: slowestName(job, loads) },
      wallMs(),
    ),
  ];
  return (
    <>
      <Findings findings={found.filter((finding) => finding !== undefined)} />
      <JobGraph job={job} loads={loads} watermarks={watermarks} />
      <section class="card">
        <h2>Operators</h2>
        <VertexTable job={job} loads={loads} watermarks={watermarks} />
      </section>
    </>
  );
}
