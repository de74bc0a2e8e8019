import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { useWidth } from '../browser/page-state.js';

export interface Line {
  readonly name: string;
  /** One for each time; undefined where nothing is known. */
  readonly values: readonly (number | undefined)[];
}

type Format = (value: number | undefined) => string;

const HEIGHT = 180;

/** Lines over time. The newest values stand below as text, with the lines' colours beside them. */
export function Plot(props: {
  readonly title: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: Format;
}): JSX.Element {
  const { title, times, lines, format } = props;
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  const width = useWidth(frame);
  const plot = useRef<uPlot | undefined>(undefined);
  const names = JSON.stringify(lines.map(({ name }) => name));
  const data = [times.map((ms) => ms / 1000), ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    if (frame === null || width === 0) return;
    const drawn = new uPlot(
      optionsFor(JSON.parse(names) as string[], frame, width, format),
      newest.current,
      frame,
    );
    plot.current = drawn;
    return () => drawn.destroy();
  }, [frame, width, names, format]);
  useEffect(() => plot.current?.setData(data));
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <div ref={setFrame} class="plot-frame" aria-hidden="true" />
      <ul class="plot-legend">
        {lines.map(({ name, values }, index) => (
          <li key={name}>
            <span class={`swatch line-${index % COLOURS}`} aria-hidden="true" />
            <span class="plot-name">{name}</span> <strong>{format(values.at(-1))}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

const COLOURS = 8;

/** Colours come from the style sheet, which knows whether it is day or night. */
function colourOf(frame: HTMLElement, className: string): string {
  const probe = document.createElement('span');
  probe.className = className;
  frame.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function optionsFor(
  names: readonly string[],
  frame: HTMLElement,
  width: number,
  format: Format,
): uPlot.Options {
  const ink = colourOf(frame, 'plot-ink');
  const grid = { stroke: colourOf(frame, 'plot-grid'), width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: '11px system-ui, sans-serif' };
  const clock = (seconds: number): string =>
    new Date(seconds * 1000).toTimeString().slice(0, 'HH:MM:SS'.length);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _least, greatest) => [0, Math.max(greatest, 1e-9) * 1.05] } },
    axes: [
      { ...axis, space: 70, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: colourOf(frame, `line-${index % COLOURS}`),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}
