import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { JobOperations } from '../browser/job-operations.js';
import { usePolling } from '../browser/polling.js';
import { errorText } from '../browser/rest-client.js';
import type { JobDetail, ResourceRequirements } from '../model/flink-json.js';
import { ConfirmForm } from './confirm-form.js';

/** Asks for another parallelism of each operator, as bounds. */
export function RescaleForm(props: { readonly job: JobDetail; readonly onClose: () => void }): JSX.Element {
  const { job, onClose } = props;
  const { rest } = usePolling();
  const [requirements, setRequirements] = useState<ResourceRequirements>();
  const [refusal, setRefusal] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    new JobOperations(rest, job.jid).requirements(abort.signal).then(setRequirements, (error: unknown) => {
      if (!abort.signal.aborted) setRefusal(errorText(error));
    });
    return () => abort.abort();
  }, [rest, job.jid]);
  if (refusal !== undefined || requirements === undefined) {
    return (
      <>
        <p>
          {refusal === undefined
            ? 'Asking for the present requirements…'
            : `It cannot be rescaled: ${refusal}`}
        </p>
        <p class="dialog-buttons">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </p>
      </>
    );
  }
  return (
    <ConfirmForm
      job={job}
      onClose={onClose}
      verb="Rescale the job"
      run={(operations) => operations.rescale(requirements)}
    >
      <p>
        The job takes a checkpoint, pauses for a moment, and goes on from it with as many subtasks as the
        slots allow within these bounds. No record is lost or doubled.
      </p>
      <Bounds job={job} requirements={requirements} onChange={setRequirements} />
    </ConfirmForm>
  );
}

/** Least and most subtasks of each operator. */
function Bounds(props: {
  readonly job: JobDetail;
  readonly requirements: ResourceRequirements;
  readonly onChange: (requirements: ResourceRequirements) => void;
}): JSX.Element {
  const { job, requirements, onChange } = props;
  const set = (id: string, bound: 'lowerBound' | 'upperBound', value: number): void => {
    const { parallelism = { lowerBound: 1, upperBound: 1 } } = requirements[id] ?? {};
    onChange({ ...requirements, [id]: { parallelism: { ...parallelism, [bound]: value } } });
  };
  return (
    <table class="rescale">
      <thead>
        <tr>
          <th scope="col">Operator</th>
          <th scope="col">Now</th>
          <th scope="col">At least</th>
          <th scope="col">At most</th>
        </tr>
      </thead>
      <tbody>
        {job.vertices.map(({ id, name, parallelism }) => (
          <tr key={id}>
            <th scope="row">{name}</th>
            <td class="number">{parallelism}</td>
            {(['lowerBound', 'upperBound'] as const).map((bound) => (
              <td key={bound}>
                <input
                  type="number"
                  min={1}
                  required
                  aria-label={`${name}: ${bound === 'lowerBound' ? 'at least' : 'at most'}`}
                  value={requirements[id]?.parallelism[bound] ?? 1}
                  onInput={(event) => set(id, bound, event.currentTarget.valueAsNumber)}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
