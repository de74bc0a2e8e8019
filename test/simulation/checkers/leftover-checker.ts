import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { FaultOptions } from '../world-options.js';
import type { DiskPicture } from './disk-picture.js';

/** What may be there when a job has finished, besides the last entry of its log: what it read and wrote, savepoints. */
const LASTING = [
  /^\/in\//,
  /^\/out\/[^/]+\/part-[^/]+$/,
  /^\/(suspended|drained|savepoints)\/.*(?<!\/_claimed)$/,
  // A write that its task did not live to end.
  /\/\.unfinished\//,
];

const UNFINISHED_OUTPUT = /^\/out\/[^/]+\/\.part-/;

/**
 * When a job has finished, and nothing kept it from tidying up, nothing is left of it that nobody wants.
 *
 * One thing it leaves: a subtask that had ended by a checkpoint looks after nothing when the job goes on from there,
 * though it may have run again in between, at another parallelism.
 */
export class LeftoverChecker implements WorldListener {
  readonly #picture: DiskPicture;
  readonly #logFolder: string;
  readonly #verdict: WorldVerdict;
  readonly #applies: boolean;
  #someFinished = false;
  #someFinishedBefore = false;

  constructor(
    picture: DiskPicture,
    jobFolder: string,
    verdict: WorldVerdict,
    { disk, ...faults }: FaultOptions,
  ) {
    this.#picture = picture;
    this.#logFolder = `${jobFolder}/log/`;
    this.#verdict = verdict;
    const isSound = disk.fail + disk.failAfter + faults.outages + faults.fullDisks === 0;
    // Who is overtaken, and what lands late, comes when others have tidied up.
    this.#applies = isSound && faults.takeovers + faults.landing + faults.late === 0;
  }

  onEvent({ name }: TraceEvent): void {
    if (name === 'task.finished') this.#someFinished = true;
    if (name === 'job.attempt-deployed' && this.#someFinished) this.#someFinishedBefore = true;
  }

  onTidiedUp(): void {
    if (!this.#applies) return;
    const lasting = this.#someFinishedBefore ? [...LASTING, UNFINISHED_OUTPUT] : LASTING;
    const left = [...this.#picture.files.keys()].filter((path) => !lasting.some((each) => each.test(path)));
    const others = left.filter((path) => !path.startsWith(this.#logFolder));
    this.#verdict.check(
      others.length === 0,
      () => `The job has finished, and ${others.length} files are left, the first: ${others[0]}`,
    );
    const entries = left.length - others.length;
    this.#verdict.check(entries === 1, () => `The job has finished, and its log has ${entries} entries.`);
  }
}
