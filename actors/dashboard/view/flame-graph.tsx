import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { usePoll } from '../browser/polling.js';
import { percentText } from '../model/figures.js';
import { flameRows, hottest } from '../model/flame-rows.js';
import type { FlameGraphAnswer, FlameNode } from '../model/flink-json.js';
import { Awaited, Moment } from './parts.js';

const TYPES = [
  ['full', 'All'],
  ['on_cpu', 'On the CPU'],
  ['off_cpu', 'Off the CPU'],
] as const;
const DISABLED = -2;
const HOT_FUNCTIONS = 5;

/** Where the threads of an operator spend their time. They are sampled while this is open only. */
export function FlameGraphSection({ vertexPath }: { readonly vertexPath: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <h3>Flame graph</h3>
      {open ? (
        <SampledGraph vertexPath={vertexPath} />
      ) : (
        <p>
          <button type="button" onClick={() => setOpen(true)}>
            Sample its threads
          </button>
        </p>
      )}
    </>
  );
}

function SampledGraph({ vertexPath }: { readonly vertexPath: string }): JSX.Element {
  const [type, setType] = useState<string>('full');
  const graph = usePoll<FlameGraphAnswer>(`${vertexPath}/flamegraph?type=${type}`);
  return (
    <>
      <p class="choices">
        {TYPES.map(([id, text]) => (
          <button key={id} type="button" aria-pressed={id === type} onClick={() => setType(id)}>
            {text}
          </button>
        ))}
      </p>
      <Awaited polled={graph} what="flame graph">
        {({ endTimestamp, data }) =>
          data === null || data === undefined ? (
            <p class="empty">{absence(endTimestamp)}</p>
          ) : (
            <Flames key={type} root={data} endMs={endTimestamp} />
          )
        }
      </Awaited>
    </>
  );
}

function absence(endTimestamp: number): string {
  if (endTimestamp === DISABLED)
    return 'Flame graphs are turned off. They are there when the cluster is started with rest.flamegraph.enabled: true.';
  return endTimestamp === -1 ? 'The operator runs no more.' : 'Its threads are being sampled…';
}

function Flames({ root, endMs }: { readonly root: FlameNode; readonly endMs: number }): JSX.Element {
  const [path, setPath] = useState<readonly number[]>([]);
  if (root.value === 0) return <p class="empty">Of this kind nothing was sampled.</p>;
  return (
    <>
      <p class="faint">
        {root.value} samples, taken at <Moment ms={endMs} />.{' '}
        {path.length > 0 && (
          <button type="button" onClick={() => setPath([])}>
            Show all of it
          </button>
        )}
      </p>
      <ol class="hottest" aria-label="Functions that took most time themselves">
        {hottest(root, HOT_FUNCTIONS).map(({ name, share }) => (
          <li key={name}>
            {name} <strong>{percentText(share)}</strong>
          </li>
        ))}
      </ol>
      <section class="flames" aria-label="Calls, each below its caller">
        {flameRows(root, path).map((bars) => (
          <div class="flame-row" key={bars[0]?.path.length}>
            {bars.map((bar) => (
              <button
                key={bar.path.join('.')}
                type="button"
                title={`${bar.name}, ${percentText(bar.width)}`}
                aria-label={`${bar.name}, ${percentText(bar.width)}`}
                style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
                onClick={() => setPath(bar.path)}
              >
                {bar.name}
              </button>
            ))}
          </div>
        ))}
      </section>
    </>
  );
}
