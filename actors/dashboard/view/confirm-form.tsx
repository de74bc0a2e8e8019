import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { JobOperations } from '../browser/job-operations.js';
import { usePolling } from '../browser/polling.js';
import type { JobDetail } from '../model/flink-json.js';
import { useOutcomes } from './outcomes.js';

export interface DialogProps {
  readonly job: JobDetail;
  readonly onClose: () => void;
}

/** A form that says what it will do, does it, and closes. */
export function ConfirmForm(
  props: DialogProps & {
    readonly verb: string;
    readonly danger?: boolean;
    readonly run: (operations: JobOperations) => Promise<string>;
    readonly children: ComponentChildren;
  },
): JSX.Element {
  const { job, onClose, verb, danger, run, children } = props;
  const { rest } = usePolling();
  const operations = useMemo(() => new JobOperations(rest, job.jid), [rest, job.jid]);
  const outcomes = useOutcomes();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        outcomes(`${verb}: ${job.name}`, () => run(operations));
        onClose();
      }}
    >
      {children}
      <p class="dialog-buttons">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" class={danger === true ? 'primary danger' : 'primary'}>
          {verb}
        </button>
      </p>
    </form>
  );
}
