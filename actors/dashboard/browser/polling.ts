import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { after } from './page-state.js';
import { errorText, type RestClient, RestError } from './rest-client.js';

export interface PollingSettings {
  readonly rest: RestClient;
  /** Between two looks, ms. */
  readonly everyMs: number;
  /** Nothing is asked for: the tab is hidden, or the server wants a token first. */
  readonly paused: boolean;
}

/** Given in at the top of the page. */
export const Polling = createContext<PollingSettings | undefined>(undefined);

export interface Polled<T> {
  /** The newest answer; stays while later requests fail. */
  readonly value: T | undefined;
  /** Of the newest request; undefined if it was answered. */
  readonly error: string | undefined;
  /** The server does not know what was asked for. */
  readonly missing: boolean;
}

/** What the server does not know now may come later; it is asked for so much more seldom. */
const MISSING_LOOKS = 10;

const NOTHING_YET = { value: undefined, error: undefined, missing: false };

export function usePolling(): PollingSettings {
  const settings = useContext(Polling);
  if (settings === undefined) throw new Error('The page was drawn without its settings.');
  return settings;
}

export type Ask<T> = (rest: RestClient, signal: AbortSignal) => Promise<T>;

/** Looks again and again while it is drawn; `key` names what is asked for, and another key begins afresh. */
export function usePolled<T>(key: string, ask: Ask<T>, everyLooks = 1): Polled<T> {
  const { rest, everyMs, paused } = usePolling();
  const [state, setState] = useState<{ readonly key: string; readonly polled: Polled<T> }>();
  const newest = useRef(ask);
  newest.current = ask;
  useEffect(() => {
    if (paused) return;
    const abort = new AbortController();
    let stopWaiting = (): void => undefined;
    const look = async (): Promise<void> => {
      let looks = everyLooks;
      try {
        const value = await newest.current(rest, abort.signal);
        if (!abort.signal.aborted) setState({ key, polled: { value, error: undefined, missing: false } });
      } catch (error) {
        if (abort.signal.aborted) return;
        const missing = error instanceof RestError && error.status === 404;
        if (missing) looks *= MISSING_LOOKS;
        setState((before) => {
          const value = before?.key === key ? before.polled.value : undefined;
          return { key, polled: { value, error: errorText(error), missing } };
        });
      }
      if (!abort.signal.aborted) stopWaiting = after(everyMs * looks, () => void look());
    };
    void look();
    return () => {
      abort.abort();
      stopWaiting();
    };
  }, [key, rest, everyMs, everyLooks, paused]);
  return state?.key === key ? state.polled : NOTHING_YET;
}

/** The same for one path that answers JSON. */
export function usePoll<T>(path: string, everyLooks = 1): Polled<T> {
  return usePolled<T>(path, (rest, signal) => rest.get<T>(path, signal), everyLooks);
}
