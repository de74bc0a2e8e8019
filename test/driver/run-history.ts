import type { PlannedFault } from './planned-fault.js';

/** Where an attempt of the job began. */
export interface Recovery {
  readonly turn: number;
  /** It went on from this one; undefined: from the beginning. */
  readonly checkpoint: string | undefined;
}

interface HistoryLine {
  readonly turn: number;
  readonly name: string;
  readonly text: string;
}

type Done = Pick<PlannedFault, 'turn'> & { readonly kind: string };

/** What matters of a run to who wants to know why its results are wrong. In the order in which it happened. */
export class RunHistory {
  readonly faults: Done[] = [];
  /** Without the first attempt of all. */
  readonly recoveries: Recovery[] = [];
  /** What attempts failed of, without what faults have done to them. */
  readonly errors: string[] = [];
  checkpoints = 0;
  /** The task that did something last, and when. */
  #task: { readonly turn: number; readonly name: string } | undefined;
  #attempts = 0;

  onLine({ turn, name, text }: HistoryLine): void {
    if (name.startsWith('task.')) {
      const [process = '', subtask = ''] = text.split(' ', 2);
      this.#task = { turn, name: `${process} ${subtask}` };
    } else if (name.startsWith('fault.')) this.faults.push({ turn, kind: name.slice('fault.'.length) });
    else if (name === 'checkpoint.completed') this.checkpoints++;
    else if (name === 'job.attempt-deployed') this.#onDeployed(turn, text);
    else if (name === 'job.attempt-failed') this.#onFailed(text);
  }

  /** The task that ran in this turn. */
  taskAt(turn: number): string | undefined {
    return this.#task?.turn === turn ? this.#task.name : undefined;
  }

  #onDeployed(turn: number, text: string): void {
    if (this.#attempts++ === 0) return;
    this.recoveries.push({ turn, checkpoint: /\brestored=(\S+)/.exec(text)?.[1] });
  }

  #onFailed(text: string): void {
    const [, code, what, operator] = /\bcode=(\S+) what=(.*?)(?: operator=(.*))?$/s.exec(text) ?? [];
    if (code === undefined || code === 'MR5003' || code === 'MR5015') return;
    this.errors.push(`${code}${operator === undefined ? '' : ` in ${operator}`}: ${what}`);
  }
}
