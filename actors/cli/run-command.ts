import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Option } from 'commander';
import {
  formatDuration,
  type JobExecutionResult,
  JobParameters,
  type JobStatusSnapshot,
  MillraceError,
  type RawValue,
  type ResolvedOptions,
} from '../../core/internal.js';
import type { EndedWell, JobStart } from '../cluster/cluster-gateway.js';
import type { CliAction, CliCommand, CliContext, CliStream } from './cli-command.js';
import { configFileOption, definitionOption, loadConfiguration, warn } from './configuration.js';
import { withCauses } from './error-text.js';
import { ExitCode } from './exit-code.js';
import { FailureLines } from './failure-lines.js';
import { namedPlace, namedText } from './named-place.js';
import { positiveInteger } from './positive-integer.js';
import { describeStatus, ProgressLine } from './progress-line.js';
import { type RemoteRequest, type RunRemotely, runElsewhere } from './remote-run.js';
import { type StandByFacts, standByLine } from './stand-by-line.js';

const EXAMPLE = `Example:
  $ millrace run -p 4 delays.js --input flights.jsonl --output out/
`;

/** What `run` adds below the flags: checkpointing is on by default, and one older checkpoint is kept. */
const RUN_DEFAULTS: Readonly<Record<string, RawValue>> = {
  'execution.checkpointing.interval': '10 s',
  'execution.checkpointing.dir': './.millrace',
  'execution.checkpointing.num-retained': 2,
};

export interface RunRequest {
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly configuration: ResolvedOptions;
  readonly jobId: string | undefined;
  readonly start: JobStart;
  /** Set by the process that supervises this one: each start with it goes on with what the first has begun. */
  readonly fixedJobId: string | undefined;
  /** Absolute path of a checkpoint to begin from. */
  readonly fromSavepoint: string | undefined;
  readonly allowNonRestoredState: boolean;
}

export type RunOutcome =
  | { readonly type: 'finished'; readonly result: JobExecutionResult }
  | {
      readonly type: 'already-finished';
      readonly jobName: string;
      readonly state: EndedWell;
      readonly savepointPath: string | undefined;
    };

/** Runs one job to its end. Supplied by boot. Rejects with what refused or failed the job. */
export type RunJob = (request: RunRequest, listener: RunListener) => Promise<RunOutcome>;

export interface RunListener {
  /** With high availability: another process has the job, and this one waits. */
  onStandBy(facts: StandByFacts): void;
  onStarted(
    started: { readonly job: StartedJob; readonly restUrl: string | undefined },
    control: RunControl,
  ): void;
  /** About twice a second. */
  onStatus(status: JobStatusSnapshot): void;
}

/** What can be done with a job that was accepted. */
export interface RunControl {
  /** Ends it as a crash would: its checkpoints stay. */
  stop(): Promise<void>;
  /** Ends it with a savepoint in the configured folder. Rejected, the job goes on. */
  stopWithSavepoint(): Promise<unknown>;
}

export interface StartedJob {
  readonly jobName: string;
  readonly warnings: readonly string[];
  readonly restoredCheckpointId: number | undefined;
  readonly begunFrom: { readonly path: string; readonly claimed: boolean } | undefined;
}

/** How a process learns that it is to stop. Supplied by boot. */
export type OnSignal = (handler: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void;

/**
 * Runs the command of this process in a child, again and again until the job has ended, and resolves with its exit
 * code. Supplied by boot. Rejects with MR5012 when the restart strategy gives up.
 */
export type SuperviseRun = (configuration: ResolvedOptions, stderr: CliStream) => Promise<ExitCode>;

/** What `run` needs of the host. */
export interface RunHost {
  readonly runJob: RunJob;
  readonly onSignal: OnSignal;
  readonly supervise: SuperviseRun;
  readonly runRemotely: RunRemotely;
}

/** `millrace run [options] JOB [job arguments]` */
export function runCommand(host: RunHost): CliCommand {
  return {
    name: 'run',
    define(command, context) {
      command
        .description('run a job in this process until it ends')
        .addHelpText('before', EXAMPLE)
        .argument('<job>', 'the job file: a module whose default export is made by defineJob')
        .argument('[job arguments...]', 'what the job gets as its parameters: --name value')
        .option('-p, --parallelism <n>', 'parallelism of operators that set none', positiveInteger)
        .option('--job-id <name>', 'name under which checkpoints are kept (default: the job file)')
        .addOption(new Option('--resume', 'go on from the newest completed checkpoint').conflicts('fresh'))
        .option('--fresh', "start from the beginning, setting an unfinished run's checkpoints aside")
        .addOption(
          new Option(
            '-s, --fromSavepoint <path>',
            'begin from a savepoint, or a checkpoint that lies elsewhere',
          ).conflicts('resume'),
        )
        .option('-n, --allowNonRestoredState', 'with -s: leave out state that the job has no operator for')
        .option(
          '--claim-mode <mode>',
          "with -s: NO_CLAIM leaves its files as they are, CLAIM makes them the job's",
        )
        .addOption(new Option('--claimMode <mode>').hideHelp())
        .option('-m, --jobmanager <host:port>', 'submit the job to a running cluster, which has the file')
        .option('-d, --detached', 'with -m: do not wait for the end of the job')
        .option('--supervise', 'run the job in a child process, started again when it dies')
        .addOption(new Option('--fixed-job-id <id>').hideHelp())
        .option('--log-level <level>', 'write the log to standard error too, from this level on')
        .addOption(definitionOption())
        .addOption(configFileOption())
        .option('--json', 'print the result as JSON on stdout')
        .passThroughOptions()
        .allowUnknownOption(false);
      return runAction(context, host);
    },
  };
}

function runAction(context: CliContext, host: RunHost): CliAction {
  const { runJob, onSignal, supervise } = host;
  return async (operands, options) => {
    const [file, ...words] = operands;
    if (file === undefined) throw new MillraceError('MR7001', 'No job file is given.');
    if (options.jobmanager !== undefined)
      return runElsewhere(
        context,
        host.runRemotely,
        remoteRequest(context, file, words, options),
        options.json === true,
      );
    if (options.detached === true)
      throw new MillraceError(
        'MR7001',
        'Only a job on a running cluster can be detached from; name that with -m.',
      );
    const path = resolve(context.workingDirectory, namedText('job file', file));
    if (!existsSync(path)) {
      throw new MillraceError('MR7001', `There is no job file ${file}.`, {
        hint: 'Options of millrace come before the job file, those of the job after it.',
      });
    }
    if (statSync(path).isDirectory()) {
      throw new MillraceError('MR7001', `${file} is a folder, and no job file.`, {
        hint: 'Name the module whose default export is made by defineJob.',
      });
    }
    const configuration = loadConfiguration(context, options, RUN_DEFAULTS, flagsOf(options));
    const fixedJobId = textOf(options.fixedJobId);
    if (options.supervise === true && fixedJobId === undefined)
      return supervise(configuration, context.stderr);
    const run = new RunInTerminal(context, options.json === true, onSignal);
    return run.run(runJob, {
      url: pathToFileURL(path).href,
      params: new JobParameters(words).all(),
      configuration,
      jobId: textOf(options.jobId),
      fromSavepoint:
        typeof options.fromSavepoint === 'string'
          ? namedPlace('savepoint', options.fromSavepoint, context.workingDirectory)
          : undefined,
      allowNonRestoredState: options.allowNonRestoredState === true,
      fixedJobId,
      start: startOf(options),
    });
  };
}

type Options = Readonly<Record<string, unknown>>;

/** The file is the cluster's, and so are its defaults: only what was said here is sent. */
function remoteRequest(
  context: CliContext,
  file: string,
  words: readonly string[],
  options: Options,
): RemoteRequest {
  const said = options.define as readonly (readonly [string, RawValue])[];
  return {
    target: textOf(options.jobmanager) ?? '',
    file: namedText('job file', file),
    words,
    definitions: { ...Object.fromEntries(said), ...flagsOf(options) },
    configuration: loadConfiguration(context, options),
    jobName: textOf(options.jobId),
    start: startOf(options),
    fromSavepoint: textOf(options.fromSavepoint),
    allowNonRestoredState: options.allowNonRestoredState === true,
    detached: options.detached === true,
  };
}

/** Keys that have a flag of their own. */
function flagsOf(options: Options): Record<string, RawValue> {
  const flags: Record<string, RawValue> = {};
  if (typeof options.parallelism === 'number') flags['parallelism.default'] = options.parallelism;
  const claimMode = textOf(options.claimMode);
  if (claimMode !== undefined) flags['execution.state-recovery.claim-mode'] = claimMode;
  if (typeof options.logLevel === 'string') {
    flags['env.log.level'] = options.logLevel.toUpperCase();
    flags['env.log.console'] = 'AUTO';
  }
  return flags;
}

function startOf(options: Options): JobStart {
  return options.resume === true ? 'resume' : options.fresh === true ? 'fresh' : 'new';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** One run as a person sees it: messages and a live line on stderr, data on stdout. */
class RunInTerminal {
  readonly #context: CliContext;
  readonly #json: boolean;
  readonly #onSignal: OnSignal;
  readonly #progress: ProgressLine;
  readonly #failures: FailureLines;
  #stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
  #unlisten = (): void => {};

  constructor(context: CliContext, json: boolean, onSignal: OnSignal) {
    this.#context = context;
    this.#json = json;
    this.#onSignal = onSignal;
    this.#progress = new ProgressLine(context.stderr);
    this.#failures = new FailureLines((text) => {
      this.#progress.clear();
      context.stderr.write(text);
    });
  }

  async run(runJob: RunJob, request: RunRequest): Promise<ExitCode> {
    try {
      const outcome = await runJob(request, {
        onStandBy: (facts) => this.#context.stderr.write(standByLine(facts)),
        onStarted: ({ job, restUrl }, control) => {
          // Before anything is said of the job: who reads that may send a signal at once.
          const folder = request.configuration.values['execution.checkpointing.savepoint-dir'];
          this.#unlisten = this.#onSignal((signal) => {
            this.#unlisten();
            this.#progress.clear();
            if (signal === 'SIGTERM' && folder !== undefined) void this.#stopWithSavepoint(control);
            else this.#stop(signal, control);
          });
          this.#started(job, request);
          if (restUrl !== undefined) this.#context.stderr.write(`REST interface: ${restUrl}\n`);
        },
        onStatus: (status) => this.#show(status),
      });
      this.#progress.clear();
      this.#print(outcome);
      return ExitCode.ok;
    } catch (error) {
      this.#progress.clear();
      if (this.#stoppedBy === undefined) throw error;
      this.#context.stderr.write(
        'Stopped. The same command with --resume goes on from the last checkpoint.\n',
      );
      return this.#stoppedBy === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
    } finally {
      this.#unlisten();
    }
  }

  #started(job: StartedJob, request: RunRequest): void {
    // What the configuration says was told when it was read.
    const told = new Set(request.configuration.warnings);
    for (const warning of job.warnings) if (!told.has(warning)) warn(this.#context, warning);
    const from =
      job.restoredCheckpointId === undefined
        ? request.start === 'resume'
          ? 'from the beginning: no checkpoint was completed yet'
          : 'from the beginning'
        : `from checkpoint ${job.restoredCheckpointId}`;
    this.#context.stderr.write(`Job ${job.jobName} starts ${from}.\n`);
    if (job.begunFrom === undefined) return;
    const { path, claimed } = job.begunFrom;
    this.#context.stderr.write(
      claimed
        ? `The files of ${path} are the job's now, which removes them when it needs them no more.\n`
        : `The state of ${path} was copied: the job does not need it any more, and it may be deleted.\n`,
    );
  }

  /** Failures are told as they come (the last one of all with the job's end); the live line where one watches. */
  #show(status: JobStatusSnapshot): void {
    const goesOn = status.status === 'RUNNING' || status.status === 'RESTARTING';
    if (goesOn && status.lastFailure !== undefined) this.#failures.tell([status.lastFailure]);
    this.#progress.show(describeStatus(status));
  }

  /**
   * The first signal stops in order. The second, which finds nobody listening, ends the process at once, as it
   * would any other: `process.exit` would wait for threads, and one inside an LMDB transaction never ends.
   */
  #stop(signal: 'SIGINT' | 'SIGTERM', control: RunControl): void {
    this.#stoppedBy = signal;
    control.stop().catch((error: unknown) => this.#context.stderr.write(withCauses(error)));
  }

  async #stopWithSavepoint(control: RunControl): Promise<void> {
    try {
      // The job's end tells where it lies.
      await control.stopWithSavepoint();
    } catch (error) {
      this.#context.stderr.write(`There is no savepoint. ${withCauses(error)}`);
      this.#stop('SIGTERM', control);
    }
  }

  #print(outcome: RunOutcome): void {
    if (outcome.type === 'already-finished') {
      const { type: _, ...end } = outcome;
      if (this.#json) this.#context.stdout.write(`${JSON.stringify({ alreadyFinished: true, ...end })}\n`);
      else
        this.#context.stderr.write(
          outcome.savepointPath === undefined
            ? `Job ${outcome.jobName} ${pastOf(outcome.state)}; there is nothing to resume.\n`
            : `Job ${outcome.jobName} was stopped with a savepoint; go on from there with -s ${outcome.savepointPath}\n`,
        );
      return;
    }
    const { result } = outcome;
    // A job that ended soon after a failure was not asked for its status in between.
    this.#failures.tell(result.failures);
    const { savepointPath } = result;
    if (savepointPath !== undefined)
      this.#context.stderr.write(
        `Savepoint completed. Path: ${savepointPath}\nThe job goes on from it with -s ${savepointPath}\n`,
      );
    if (this.#json) {
      this.#context.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    for (const line of lossLines(result.metrics)) this.#context.stderr.write(`${line}\n`);
    const { completed, failed } = result.checkpoints;
    const { restarts } = result;
    this.#context.stderr.write(
      `Job ${result.jobName} finished in ${formatDuration(result.netRuntimeMs)}: ` +
        `${completed} checkpoints completed, ${failed} failed, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}.\n`,
    );
  }
}

function pastOf(state: EndedWell): string {
  return state === 'CANCELED' ? 'was cancelled before, and its checkpoints removed' : 'has finished before';
}

/** What the output does not hold although it was in the input: nothing is lost silently. */
function lossLines(metrics: JobExecutionResult['metrics']): string[] {
  return Object.entries(metrics).flatMap(([name, count]) => {
    const [, uid, what] = /^(.*)\.(numRecordsSkipped|numLateRecordsDropped)$/.exec(name) ?? [];
    if (uid === undefined) return [];
    const fate =
      what === 'numRecordsSkipped' ? 'malformed records were skipped' : 'late records were dropped';
    return [`${uid}: ${count} ${fate}.`];
  });
}
