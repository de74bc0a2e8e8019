import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobDetail } from '../model/flink-json.js';
import { ConfirmForm, type DialogProps } from './confirm-form.js';
import { RescaleForm } from './rescale-form.js';

const ACTIONS = {
  savepoint: 'Take savepoint',
  checkpoint: 'Take checkpoint',
  rescale: 'Rescale',
  stop: 'Stop with savepoint',
  cancel: 'Cancel',
} as const;

type Action = keyof typeof ACTIONS;

/** What can be done with a running job. Each asks once more before it does it. */
export function JobActions({ job }: { readonly job: JobDetail }): JSX.Element {
  const [open, setOpen] = useState<Action>();
  const close = (): void => setOpen(undefined);
  return (
    <fieldset class="actions">
      <legend class="hidden">Operations</legend>
      {(Object.keys(ACTIONS) as Action[]).map((action) => (
        <button
          key={action}
          type="button"
          class={action === 'cancel' || action === 'stop' ? 'danger' : undefined}
          onClick={() => setOpen(action)}
        >
          {ACTIONS[action]}
        </button>
      ))}
      {open !== undefined && <ActionDialog action={open} job={job} onClose={close} />}
    </fieldset>
  );
}

function ActionDialog({ action, job, onClose }: DialogProps & { readonly action: Action }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="dialog-title">
      <h2 id="dialog-title" class="dialog-title">
        {ACTIONS[action]}: {job.name}
      </h2>
      {action === 'cancel' ? (
        <CancelForm job={job} onClose={onClose} />
      ) : action === 'stop' ? (
        <StopForm job={job} onClose={onClose} />
      ) : action === 'savepoint' ? (
        <SavepointForm job={job} onClose={onClose} />
      ) : action === 'checkpoint' ? (
        <CheckpointForm job={job} onClose={onClose} />
      ) : (
        <RescaleForm job={job} onClose={onClose} />
      )}
    </dialog>
  );
}

function CancelForm({ job, onClose }: DialogProps): JSX.Element {
  return (
    <ConfirmForm
      job={job}
      onClose={onClose}
      verb="Cancel the job"
      danger
      run={(operations) => operations.cancel()}
    >
      <p>
        The job ends now, without a savepoint. What it has done since its last checkpoint is not committed. To
        go on later where it stood, stop it with a savepoint instead.
      </p>
    </ConfirmForm>
  );
}

function StopForm({ job, onClose }: DialogProps): JSX.Element {
  const [folder, setFolder] = useState('');
  const [drain, setDrain] = useState(false);
  return (
    <ConfirmForm
      job={job}
      onClose={onClose}
      verb="Stop the job"
      danger
      run={(operations) => operations.stop(folder, drain)}
    >
      <p>
        Sources stop, a savepoint is written, and the job ends. It can start again from the savepoint exactly
        there.
      </p>
      <FolderField value={folder} onInput={setFolder} />
      <label class="check">
        <input type="checkbox" checked={drain} onChange={(event) => setDrain(event.currentTarget.checked)} />
        Drain: event time goes to its end first, so all windows fire. Only if the job is not to go on.
      </label>
    </ConfirmForm>
  );
}

function SavepointForm({ job, onClose }: DialogProps): JSX.Element {
  const [folder, setFolder] = useState('');
  return (
    <ConfirmForm
      job={job}
      onClose={onClose}
      verb="Take a savepoint"
      run={(operations) => operations.savepoint(folder)}
    >
      <p>A savepoint is written while the job runs on.</p>
      <FolderField value={folder} onInput={setFolder} />
    </ConfirmForm>
  );
}

function CheckpointForm({ job, onClose }: DialogProps): JSX.Element {
  const [type, setType] = useState<'CONFIGURED' | 'FULL' | 'INCREMENTAL'>('CONFIGURED');
  return (
    <ConfirmForm
      job={job}
      onClose={onClose}
      verb="Take a checkpoint"
      run={(operations) => operations.checkpoint(type)}
    >
      <p>A checkpoint is taken now, besides those of the interval, while the job runs on.</p>
      <label class="field">
        Kind
        <select value={type} onChange={(event) => setType(event.currentTarget.value as typeof type)}>
          <option value="CONFIGURED">as configured</option>
          <option value="FULL">full</option>
          <option value="INCREMENTAL">incremental</option>
        </select>
      </label>
    </ConfirmForm>
  );
}

function FolderField(props: {
  readonly value: string;
  readonly onInput: (folder: string) => void;
}): JSX.Element {
  return (
    <label class="field">
      Folder <span class="faint">(empty: the configured one)</span>
      <input
        type="text"
        value={props.value}
        spellcheck={false}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </label>
  );
}
