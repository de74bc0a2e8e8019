import { type ComponentChildren, createContext, type JSX } from 'preact';
import { useCallback, useContext, useMemo, useRef, useState } from 'preact/hooks';
import { errorText } from '../browser/rest-client.js';

interface Outcome {
  readonly id: number;
  /** What was asked for, and of which job. */
  readonly title: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly text: string;
}

/** Runs an operation and shows what becomes of it at the foot of the page, whatever page that is by then. */
type Run = (title: string, operation: () => Promise<string>) => void;

const Outcomes = createContext<Run | undefined>(undefined);

export function useOutcomes(): Run {
  const run = useContext(Outcomes);
  if (run === undefined) throw new Error('The page was drawn without its outcomes.');
  return run;
}

const SHOWN_MAX = 5;

export function OutcomeProvider({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const next = useRef(1);
  const put = useCallback((outcome: Outcome): void => {
    setOutcomes((before) => [...before.filter(({ id }) => id !== outcome.id), outcome].slice(-SHOWN_MAX));
  }, []);
  const run = useMemo<Run>(
    () => (title, operation) => {
      const id = next.current++;
      put({ id, title, state: 'running', text: 'In progress…' });
      operation().then(
        (text) => put({ id, title, state: 'done', text }),
        (error: unknown) => put({ id, title, state: 'failed', text: errorText(error) }),
      );
    },
    [put],
  );
  return (
    <Outcomes.Provider value={run}>
      {children}
      <section class="outcomes" aria-label="Outcomes" aria-live="polite">
        {outcomes.map(({ id, title, state, text }) => (
          <article key={id} class={`outcome ${state}`}>
            <p>
              <strong>{title}</strong> <span class="outcome-word">{state === 'running' ? '' : state}</span>
            </p>
            <p class="outcome-text">{text}</p>
            <button
              type="button"
              aria-label={`Dismiss: ${title}`}
              onClick={() => setOutcomes((before) => before.filter((one) => one.id !== id))}
            >
              ×
            </button>
          </article>
        ))}
      </section>
    </Outcomes.Provider>
  );
}
