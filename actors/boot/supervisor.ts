import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:os';
import {
  createRestartStrategy,
  formatDuration,
  MillraceError,
  Prng,
  type RestartStrategy,
  restartStrategyFromOptions,
} from '../../core/internal.js';
import type { CliStream } from '../cli/cli-command.js';
import { ExitCode } from '../cli/exit-code.js';
import type { SuperviseRun } from '../cli/run-command.js';
import { onSignal } from './run-job.js';
import { childArguments } from './supervised-child.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** The parent of `millrace run --supervise`. */
export const superviseRun: SuperviseRun = async ({ values }, stderr) => {
  const checkpointing = values['execution.checkpointing.interval'] !== undefined;
  const strategy = createRestartStrategy(
    restartStrategyFromOptions(values, checkpointing),
    new Prng(randomInt(2 ** 48 - 1)),
  );
  return new Supervisor(strategy, stderr).run();
};

type StopSignal = 'SIGINT' | 'SIGTERM';

/** How a child ended: by itself, or not. */
interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts the command of this process as a child until the job has ended.
 *
 * The process is the failure domain: a thread that cannot be ended, or the control thread's death, takes it down, and
 * state lies in checkpoints. The child is in a process group of its own, so that a key pressed in a terminal reaches
 * it once, through this process. It leaves when this one is gone (supervised-child.ts).
 *
 * Invariants:
 * - at most one child runs, and none is started after a signal;
 * - all children have one job id, so each goes on with the run that the first has begun;
 * - the end of the job itself, well or not, is passed on and never tried again: the job has used its own restarts.
 */
class Supervisor {
  readonly #jobId = randomBytes(16).toString('hex');
  readonly #strategy: RestartStrategy;
  readonly #stderr: CliStream;
  #child: ChildProcess | undefined;
  #stoppedBy: StopSignal | undefined;
  #endWait = (): void => {};

  constructor(strategy: RestartStrategy, stderr: CliStream) {
    this.#strategy = strategy;
    this.#stderr = stderr;
  }

  async run(): Promise<ExitCode> {
    const unlisten = onSignal((signal) => this.#passOn(signal));
    try {
      for (;;) {
        const end = await this.#runChild();
        if (this.#stoppedBy !== undefined || !isDeath(end)) return exitCodeOfEnd(end);
        await this.#wait(this.#delayAfter(end));
        if (this.#stoppedBy !== undefined) return stopCode(this.#stoppedBy);
      }
    } finally {
      unlisten();
    }
  }

  async #runChild(): Promise<ChildEnd> {
    const child = spawn(
      process.execPath,
      [...process.execArgv, ...childArguments(process.argv, this.#jobId)],
      { detached: true, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
    );
    this.#child = child;
    if (child.pid !== undefined) this.#stderr.write(`The job runs in process ${child.pid}.\n`);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    this.#child = undefined;
    return { code, signal };
  }

  #delayAfter(end: ChildEnd): number {
    const how = end.signal ?? `exit code ${end.code}`;
    const decision = this.#strategy.onFailure(SYSTEM_CLOCK.monotonicMs());
    if (!decision.restart) {
      throw new MillraceError('MR5012', `The process of the job died (${how}), and is not started again.`, {
        why: decision.why,
        hint: 'The same command with --resume goes on from the newest checkpoint.',
      });
    }
    const when = decision.delayMs === 0 ? 'at once' : `in ${formatDuration(decision.delayMs)}`;
    this.#stderr.write(`warning: The process of the job died (${how}); it is started again ${when}.\n`);
    return decision.delayMs;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The second one too: what it means is for the child to say. */
  #passOn(signal: StopSignal): void {
    this.#stoppedBy ??= signal;
    this.#child?.kill(signal);
    this.#endWait();
  }
}

/** What is not the job's own end: a signal that nobody here has sent, or a defect of the engine. */
function isDeath({ code, signal }: ChildEnd): boolean {
  return signal !== null || code === ExitCode.internal;
}

/** As a shell has it. */
function exitCodeOfEnd({ code, signal }: ChildEnd): ExitCode {
  if (signal === null) return (code ?? ExitCode.internal) as ExitCode;
  return (128 + constants.signals[signal]) as ExitCode;
}

function stopCode(signal: StopSignal): ExitCode {
  return signal === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
}
