import type { JSX } from 'preact';
import { usePolled } from '../browser/polling.js';
import {
  type CheckpointSpan,
  checkpointStory,
  lateSubtask,
  lateText,
  SPAN_TEXTS,
  spansOf,
} from '../model/checkpoint-story.js';
import { bytesText, durationText } from '../model/figures.js';
import type {
  Checkpoint,
  CheckpointSubtasks,
  JobDetail,
  JobVertex,
  SubtaskCheckpoint,
} from '../model/flink-json.js';
import { Awaited } from './parts.js';

interface VertexCheckpoint {
  readonly vertex: JobVertex;
  readonly subtasks: readonly SubtaskCheckpoint[];
}

const SPAN_NAMES: Readonly<Record<CheckpointSpan['kind'], string>> = {
  'start-delay': 'start delay',
  alignment: 'alignment',
  sync: 'sync',
  async: 'async',
};

/** What each subtask's time in one checkpoint went into, on one scale; the late one is named. */
export function CheckpointDetail(props: {
  readonly job: JobDetail;
  readonly checkpoint: Checkpoint;
}): JSX.Element {
  const { job, checkpoint } = props;
  const path = `jobs/${encodeURIComponent(job.jid)}/checkpoints/details/${checkpoint.id}/subtasks`;
  const polled = usePolled<readonly VertexCheckpoint[]>(
    `${path} ${checkpoint.status}`,
    async (rest, signal) =>
      Promise.all(
        job.vertices.map(async (vertex) => ({
          vertex,
          subtasks: (await rest.get<CheckpointSubtasks>(`${path}/${encodeURIComponent(vertex.id)}`, signal))
            .subtasks,
        })),
      ),
  );
  return (
    <section class="card" aria-live="polite">
      <h2>
        {checkpoint.is_savepoint ? 'Savepoint' : 'Checkpoint'} {checkpoint.id}
      </h2>
      <p>{checkpointStory(checkpoint)}</p>
      <Awaited polled={polled} what="details of this checkpoint">
        {(vertices) => <Timeline vertices={vertices} over={checkpoint.status !== 'IN_PROGRESS'} />}
      </Awaited>
    </section>
  );
}

/** As wide as the last acknowledgement took: of what never came there is nothing to measure. */
function Timeline(props: {
  readonly vertices: readonly VertexCheckpoint[];
  readonly over: boolean;
}): JSX.Element {
  const { vertices, over } = props;
  const all = vertices.flatMap(({ subtasks }) => subtasks);
  const late = over ? lateSubtask(all) : undefined;
  const lateVertex = vertices.find(({ subtasks }) => late !== undefined && subtasks.includes(late));
  const ends = all.flatMap((subtask) => spansOf(subtask).map(({ toMs }) => toMs));
  const scaleMs = Math.max(1, ...ends);
  return (
    <>
      {late !== undefined && lateVertex !== undefined && (
        <p class="finding warning">
          <span class="word">Late</span> {lateText(late, lateVertex.vertex.name)}
        </p>
      )}
      <p class="legend" aria-hidden="true">
        {Object.entries(SPAN_NAMES).map(([kind, name]) => (
          <span key={kind} title={SPAN_TEXTS[kind as CheckpointSpan['kind']]}>
            <span class={`swatch span-${kind}`} /> {name}
          </span>
        ))}
        <span class="faint">0 to {durationText(scaleMs)}</span>
      </p>
      {vertices.map(({ vertex, subtasks }) => (
        <div key={vertex.id} class="timeline-vertex">
          <h3>{vertex.name}</h3>
          <ol class="timeline">
            {subtasks.map((subtask) => (
              <TimelineRow
                key={subtask.index}
                subtask={subtask}
                scaleMs={scaleMs}
                late={subtask === late}
                over={over}
              />
            ))}
          </ol>
        </div>
      ))}
    </>
  );
}

function TimelineRow(props: {
  readonly subtask: SubtaskCheckpoint;
  readonly scaleMs: number;
  readonly late: boolean;
  readonly over: boolean;
}): JSX.Element {
  const { subtask, scaleMs, late, over } = props;
  const spans = spansOf(subtask);
  const missing = subtask.end_to_end_duration === undefined;
  const texts = spans.map(({ kind, fromMs, toMs }) => `${SPAN_NAMES[kind]} ${durationText(toMs - fromMs)}`);
  const unheard = over ? 'not acknowledged' : 'not yet';
  const label = missing ? unheard : texts.join(', ');
  return (
    <li class={late ? 'late' : undefined}>
      <span class="timeline-name">{subtask.index}</span>
      <svg
        class="timeline-bar"
        role="img"
        aria-label={`Subtask ${subtask.index}: ${label}`}
        viewBox="0 0 1000 14"
        preserveAspectRatio="none"
      >
        <title>{label}</title>
        <rect class="timeline-ground" width="1000" height="14" />
        {missing && over && <rect class="span-missing" width="1000" height="14" />}
        {spans.map(({ kind, fromMs, toMs }) => (
          <rect
            key={kind}
            class={`span-${kind}`}
            x={(fromMs / scaleMs) * 1000}
            width={Math.max(3, ((toMs - fromMs) / scaleMs) * 1000)}
            height="14"
          />
        ))}
      </svg>
      <span class="timeline-figures">
        {missing
          ? unheard
          : `${durationText(subtask.end_to_end_duration)} · ${bytesText(subtask.checkpointed_size)}${
              subtask.unaligned_checkpoint === true ? ' · unaligned' : ''
            }`}
        {late && ' · late'}
      </span>
    </li>
  );
}
