import { jobFolder } from '../../../storage/index.js';
import { JOB_NAME } from '../simulated-job.js';
import { CHECKPOINTS_FOLDER } from '../simulated-process.js';
import type { ExpectedOutput } from '../topology/topology.js';
import type { Workload } from '../workload.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListeners } from '../world-listener.js';
import type { WorldOptions } from '../world-options.js';
import { AccumulatorChecker } from './accumulator-checker.js';
import { AlignmentChecker } from './alignment-checker.js';
import { AnswerChecker } from './answer-checker.js';
import { AttemptChecker } from './attempt-checker.js';
import { ChannelChecker } from './channel-checker.js';
import { CheckpointChecker } from './checkpoint-checker.js';
import { CommitChecker } from './commit-checker.js';
import { CoordinatorChecker } from './coordinator-checker.js';
import { DiskPicture } from './disk-picture.js';
import { EventTimeChecker } from './event-time-checker.js';
import { ExplanationChecker } from './explanation-checker.js';
import { ExportChecker } from './export-checker.js';
import { FailureChecker } from './failure-checker.js';
import { FrozenRows } from './frozen-rows.js';
import { InheritanceChecker } from './inheritance-checker.js';
import { JobLog } from './job-log.js';
import { LeaderChecker } from './leader-checker.js';
import { LeftoverChecker } from './leftover-checker.js';
import { LivenessChecker } from './liveness-checker.js';
import { ManifestChecker } from './manifest-checker.js';
import { MemoryChecker } from './memory-checker.js';
import { MetricChecker } from './metric-checker.js';
import { OrphanChecker } from './orphan-checker.js';
import { OutputChecker } from './output-checker.js';
import { PrintChecker } from './print-checker.js';
import { RestartChecker } from './restart-checker.js';
import { RestoreChecker } from './restore-checker.js';
import { RetentionChecker } from './retention-checker.js';
import { SavepointChecker } from './savepoint-checker.js';
import { SnapshotChecker } from './snapshot-checker.js';
import { SplitChecker } from './split-checker.js';
import { StateChecker } from './state-checker.js';
import { StoredRowsChecker } from './stored-rows-checker.js';
import { SweepChecker } from './sweep-checker.js';
import { TaskBoard } from './task-board.js';
import { TaskChecker } from './task-checker.js';
import { WatermarkChecker } from './watermark-checker.js';

/** What is known of a world before anything happens in it. */
export interface CheckedWorld {
  readonly verdict: WorldVerdict;
  readonly options: WorldOptions;
  readonly workload: Workload;
  /** Output may hold lines more often than expected. */
  readonly repeats: boolean;
  /** How the job stands, for people. */
  readonly describe: () => string;
}

/** All that must hold in a world. Each checker hears what it looks at, and knows nothing of the others' pictures. */
export class WorldCheckers {
  readonly #world: CheckedWorld;
  readonly #checkpoints: CheckpointChecker;
  /** Somebody was to store that the input has ended for good. */
  #wasDrained = false;
  /** Records that the sources have given, where that has been looked at. */
  #read: number | undefined;

  constructor(world: CheckedWorld, listeners: WorldListeners) {
    const { verdict, options, workload, repeats, describe } = world;
    this.#world = world;
    const checkpoints = new CheckpointChecker(verdict, workload.hasUnionState);
    this.#checkpoints = checkpoints;
    const afterwards = options.faults.drains > 0 ? this.#expectedOfRead : undefined;
    listeners.add(checkpoints);
    listeners.add({
      onStorageAsked: (_, call) => {
        if ('manifest' in call && call.manifest.kind === 'drained') this.#wasDrained = true;
      },
    });
    listeners.add(
      new FailureChecker(verdict, (process) => checkpoints.isLeader(process), workload.isForeign === true),
    );
    listeners.add(new LivenessChecker(verdict, describe));
    listeners.add(new AnswerChecker(verdict));
    listeners.add(new OutputChecker(workload.outputs, verdict, { repeats, afterwards }));
    if (!repeats) listeners.add(new AccumulatorChecker(verdict, workload.tallies ?? []));
    listeners.add(new PrintChecker(verdict, workload.prints ?? []));
    addTaskCheckers(verdict, listeners);
    const mayOvertake = options.alignedTimeoutMs !== Number.POSITIVE_INFINITY;
    listeners.add(new EventTimeChecker(verdict, mayOvertake && !repeats));
    // At least once, barriers hold nobody back.
    if (!repeats) listeners.add(new SnapshotChecker(verdict, options.alignedTimeoutMs));
    const picture = new DiskPicture();
    listeners.add(picture);
    listeners.add(new SavepointChecker(picture, verdict));
    const folder = jobFolder(CHECKPOINTS_FOLDER, JOB_NAME);
    const log = new JobLog(folder);
    listeners.add(new ManifestChecker(picture, folder, verdict));
    const { takeovers, landing, late } = options.faults;
    const counts = takeovers + landing + late === 0;
    listeners.add(
      new RetentionChecker(picture, log, verdict, { keptCount: options.checkpointing.numRetained, counts }),
    );
    if (counts) listeners.add(new SweepChecker(picture, log, verdict));
    listeners.add(new LeaderChecker(log, verdict));
    if (workload.isForeign !== true)
      listeners.add(new LeftoverChecker(picture, folder, verdict, options.faults));
    listeners.add(new StateChecker(verdict, options.topology));
    const frozen = new FrozenRows();
    listeners.add(frozen);
    listeners.add(new RestoreChecker(frozen, verdict));
    listeners.add(new StoredRowsChecker(picture, folder, frozen, verdict));
    listeners.add(new ExportChecker(log, verdict));
    listeners.add(new InheritanceChecker(verdict));
    listeners.add(new AttemptChecker(log, verdict));
    const outputs = workload.outputs.map((output) => output.folder);
    listeners.add(new CommitChecker(outputs, log, verdict));
    const board = new TaskBoard();
    listeners.add(board);
    const { maxConcurrentCheckpoints, minPauseMs } = options.checkpointing;
    listeners.add(new CoordinatorChecker(board, verdict, minPauseMs > 0 ? 1 : maxConcurrentCheckpoints));
    listeners.add(new OrphanChecker(board, verdict));
    listeners.add(new TaskChecker(verdict));
    listeners.add(new SplitChecker(board, verdict));
    listeners.add(new AlignmentChecker(board, verdict));
    listeners.add(new RestartChecker(options.restartStrategy, verdict));
    listeners.add(new MetricChecker(verdict));
    listeners.add(new ExplanationChecker(verdict));
  }

  /** Checkpoints that were completed. */
  get completed(): number {
    return this.#checkpoints.completed;
  }

  /** Attempts that began from a checkpoint. */
  get restores(): number {
    return this.#checkpoints.restores;
  }

  /** What the sources gave, each once. */
  get records(): number {
    return this.#read ?? this.#world.workload.records;
  }

  readonly #expectedOfRead = (linesOf: (folder: string) => string[]): readonly ExpectedOutput[] => {
    const { workload, verdict } = this.#world;
    const read = workload.drained?.(linesOf, this.#wasDrained, verdict);
    this.#read = read?.records;
    return read?.outputs ?? workload.outputs;
  };
}

/** What must hold between tasks, whatever they belong to. */
export function addTaskCheckers(verdict: WorldVerdict, listeners: WorldListeners): void {
  listeners.add(new ChannelChecker(verdict));
  listeners.add(new WatermarkChecker(verdict));
  listeners.add(new MemoryChecker(verdict));
}
