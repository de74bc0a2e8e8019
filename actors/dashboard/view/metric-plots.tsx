import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { wallMs } from '../browser/page-state.js';
import { usePoll, usePolled } from '../browser/polling.js';
import { countText, percentText, rateText } from '../model/figures.js';
import type { AggregatedMetric, JobDetail, MetricValue } from '../model/flink-json.js';
import type { LoadSample } from '../model/load-history.js';
import type { Load } from '../model/vertex-load.js';
import type { MetricPlotsProps } from './metrics-tab.js';
import { type Line, Plot } from './plot.js';

const BUILT_IN: readonly (readonly [string, keyof Load, (value: number | undefined) => string])[] = [
  ['Records in per second', 'recordsIn', rateText],
  ['Records out per second', 'recordsOut', rateText],
  ['Busy', 'busy', percentText],
  ['Back-pressured', 'backPressured', percentText],
];

export function MetricPlots({ job, samples }: MetricPlotsProps): JSX.Element {
  return (
    <>
      <div class="plots">
        {BUILT_IN.map(([title, field, format]) => (
          <Plot
            key={field}
            title={title}
            times={samples.map(({ atMs }) => atMs)}
            lines={loadLines(job, samples, field)}
            format={format}
          />
        ))}
      </div>
      <ChosenMetrics job={job} />
    </>
  );
}

function loadLines(job: JobDetail, samples: readonly LoadSample[], field: keyof Load): readonly Line[] {
  return job.vertices.map(({ id, name }) => ({
    name,
    values: samples.map(({ loads }) => loads.get(id)?.[field]),
  }));
}

/** Any metric of an operator, by its name. */
function ChosenMetrics({ job }: { readonly job: JobDetail }): JSX.Element {
  const [vertexId, setVertexId] = useState(job.vertices[0]?.id ?? '');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const path = `jobs/${encodeURIComponent(job.jid)}/vertices/${encodeURIComponent(vertexId)}/subtasks/metrics`;
  const known = usePoll<readonly MetricValue[]>(path, 10).value ?? [];
  const names = known.map(({ id }) => id).filter((id) => !chosen.includes(id));
  return (
    <section class="card">
      <h2>Any metric</h2>
      <p class="fields">
        <label class="field inline">
          Operator
          <select
            value={vertexId}
            onChange={(event) => {
              setVertexId(event.currentTarget.value);
              setChosen([]);
            }}
          >
            {job.vertices.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field inline">
          Metric
          <select value="" onChange={(event) => setChosen([...chosen, event.currentTarget.value])}>
            <option value="">{names.length === 0 ? 'none to choose' : 'choose one'}</option>
            {names.sort().map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </p>
      <div class="plots">
        {chosen.map((name) => (
          <div key={`${vertexId} ${name}`}>
            <MetricPlot path={path} name={name} />
            <button type="button" onClick={() => setChosen(chosen.filter((one) => one !== name))}>
              Take {name} away
            </button>
          </div>
        ))}
      </div>
    </section>
  );
}

const POINTS_MAX = 600;

/** Least, mean and greatest over the subtasks, from when it was chosen. */
function MetricPlot({ path, name }: { readonly path: string; readonly name: string }): JSX.Element {
  const points = useRef<readonly { readonly atMs: number; readonly metric: AggregatedMetric }[]>([]);
  const query = `${path}?get=${encodeURIComponent(name)}&agg=min,avg,max`;
  usePolled<undefined>(query, async (rest, signal) => {
    const [metric] = await rest.get<readonly AggregatedMetric[]>(query, signal);
    if (metric !== undefined) {
      points.current = [...points.current.slice(-(POINTS_MAX - 1)), { atMs: wallMs(), metric }];
    }
    return undefined;
  });
  const lines = (['min', 'avg', 'max'] as const).map(
    (field): Line => ({
      name: field,
      values: points.current.map(({ metric }) => metric[field]),
    }),
  );
  return (
    <Plot title={name} times={points.current.map(({ atMs }) => atMs)} lines={lines} format={countText} />
  );
}
