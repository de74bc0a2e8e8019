import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { wallMs } from '../browser/page-state.js';
import { usePoll, usePolled } from '../browser/polling.js';
import { bytesText, clockText, plural } from '../model/figures.js';
import type { LogFile } from '../model/flink-json.js';
import { atLeast, LOG_LEVELS, type LogLevel, type LogLine, logLine } from '../model/log-line.js';
import { Awaited } from './parts.js';

/** Lines that are shown: the last ones. */
const LINES_MAX = 1000;

export function LogsPage(): JSX.Element {
  const files = usePoll<{ readonly logs: readonly LogFile[] }>('jobmanager/logs', 3);
  const [chosen, setChosen] = useState<string>();
  return (
    <>
      <h1>Logs</h1>
      <Awaited polled={files} what="logs">
        {({ logs }) => {
          const shown = logs.find(({ name }) => name === chosen) ?? logs[0];
          if (shown === undefined) return <p class="empty">There is no log file.</p>;
          return (
            <section class="card">
              <label class="field inline">
                File
                <select value={shown.name} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {logs.map(({ name, size }) => (
                    <option key={name} value={name}>
                      {name} ({bytesText(size)})
                    </option>
                  ))}
                </select>
              </label>
              <LogText key={shown.name} name={shown.name} />
            </section>
          );
        }}
      </Awaited>
    </>
  );
}

function LogText({ name }: { readonly name: string }): JSX.Element {
  const path = `jobmanager/logs/${encodeURIComponent(name)}`;
  const polled = usePolled<string>(path, (rest, signal) => rest.text(path, signal), 2);
  const [least, setLeast] = useState<LogLevel>('info');
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  return (
    <>
      <div class="fields">
        <label class="field inline">
          From level
          <select value={least} onChange={(event) => setLeast(event.currentTarget.value as LogLevel)}>
            {LOG_LEVELS.map((level) => (
              <option key={level}>{level}</option>
            ))}
          </select>
        </label>
        <label class="field inline">
          Contains
          <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
      </div>
      <Awaited polled={polled} what="text of this log">
        {(text) => {
          const all = text.split('\n').filter((line) => line !== '' && line.toLowerCase().includes(wanted));
          const lines = all.slice(-LINES_MAX).map(logLine);
          const shown = lines.filter(({ level }) => atLeast(level, least)).reverse();
          return (
            <>
              <p class="faint">{plural(shown.length, 'line')}, newest first.</p>
              <ol class="log">
                {shown.map((line, index) => (
                  <LogRow key={shown.length - index} line={line} />
                ))}
              </ol>
            </>
          );
        }}
      </Awaited>
    </>
  );
}

function LogRow({ line }: { readonly line: LogLine }): JSX.Element {
  return (
    <li class={`log-line level-${line.level}`}>
      <span class="log-time">{clockText(line.atMs, wallMs())}</span>
      <span class="log-level">{line.level}</span>
      <span class="log-message">
        {line.message}
        {line.fields.map(([name, value]) => (
          <span key={name} class="log-field">
            {name}={value}
          </span>
        ))}
      </span>
    </li>
  );
}
