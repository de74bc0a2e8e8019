import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useHash, useVisible } from '../browser/page-state.js';
import { Polling, usePoll } from '../browser/polling.js';
import type { ConnectionState, RestClient } from '../browser/rest-client.js';
import type { ClusterConfig } from '../model/flink-json.js';
import { type Route, routeOf } from '../model/route.js';
import { ConfigurationPage } from './configuration-page.js';
import { JobPage } from './job-page.js';
import { JobsPage } from './jobs-page.js';
import { LogsPage } from './logs-page.js';
import { OutcomeProvider } from './outcomes.js';
import { OverviewPage } from './overview-page.js';
import { TaskManagersPage } from './task-managers-page.js';
import { ThemeSwitch } from './theme-switch.js';
import { TokenForm } from './token-form.js';

/** Vite gives it the name of the built file. */
const ICON = new URL('../icon.svg', import.meta.url).href;
const EVERY_MS = 2000;
const EVERY_MS_MIN = 500;

const PAGES: readonly (readonly [string, string, Route['page']])[] = [
  ['#/', 'Overview', 'overview'],
  ['#/jobs', 'Jobs', 'jobs'],
  ['#/task-managers', 'Memory and slots', 'task-managers'],
  ['#/configuration', 'Configuration', 'configuration'],
  ['#/logs', 'Logs', 'logs'],
];

export function App({ rest }: { readonly rest: RestClient }): JSX.Element {
  const [state, setState] = useState<ConnectionState>(rest.state);
  const [everyMs, setEveryMs] = useState(EVERY_MS);
  const visible = useVisible();
  useEffect(() => rest.listen(setState), [rest]);
  const paused = !visible || state === 'unauthorized';
  const settings = useMemo(() => ({ rest, everyMs, paused }), [rest, everyMs, paused]);
  return (
    <Polling.Provider value={settings}>
      <OutcomeProvider>
        <Pace onPace={setEveryMs} />
        <Shell state={state} />
      </OutcomeProvider>
    </Polling.Provider>
  );
}

/** The server says how often it wants to be asked. */
function Pace({ onPace }: { readonly onPace: (everyMs: number) => void }): null {
  const pace = usePoll<ClusterConfig>('config', 30).value?.['refresh-interval'];
  useEffect(() => {
    if (pace !== undefined && pace > 0) onPace(Math.max(EVERY_MS_MIN, pace));
  }, [pace, onPace]);
  return null;
}

function Shell({ state }: { readonly state: ConnectionState }): JSX.Element {
  const route = routeOf(useHash());
  const main = useRef<HTMLElement>(null);
  const place = JSON.stringify(route.page === 'job' ? { ...route, tab: '' } : route);
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    // A new page begins at its top, for eyes and for screen readers.
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);
  const current = route.page === 'job' || route.page === 'vertex' ? 'jobs' : route.page;
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/">
          <img src={ICON} alt="" width="22" height="22" />
          millrace
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([href, name, page]) => (
            <a key={href} class="page-link" href={href} aria-current={page === current ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <ConnectionNote state={state} />
        <ThemeSwitch />
      </header>
      {state === 'lost' && (
        <p class="banner" role="alert">
          The connection to the server is lost. What you see is the last that was known; asking again…
        </p>
      )}
      <main ref={main} tabIndex={-1}>
        {state === 'unauthorized' ? <TokenForm /> : <Page route={route} />}
      </main>
    </>
  );
}

function ConnectionNote({ state }: { readonly state: ConnectionState }): JSX.Element {
  const texts: Readonly<Record<ConnectionState, string>> = {
    connecting: 'Connecting',
    live: 'Live',
    lost: 'Disconnected',
    unauthorized: 'Token wanted',
  };
  return (
    <span class={`connection ${state}`} role="status">
      {texts[state]}
    </span>
  );
}

function Page({ route }: { readonly route: Route }): JSX.Element {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />;
    case 'jobs':
      return <JobsPage />;
    case 'job':
    case 'vertex':
      return <JobPage key={route.jobId} route={route} />;
    case 'task-managers':
      return <TaskManagersPage />;
    case 'configuration':
      return <ConfigurationPage />;
    case 'logs':
      return <LogsPage />;
    case 'unknown':
      return (
        <section class="card">
          <h1>There is no such page</h1>
          <p>
            <a href="#/">To the overview</a>
          </p>
        </section>
      );
  }
}
