import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

interface Request {
  readonly what: string;
  readonly outlives: boolean;
  /** The attempt that was asked has failed. */
  isOwed: boolean;
}

/** A master that has nothing more to do has told all, which is heard before its turn after that. */
const TURNS_TO_HEAR = 2;

/**
 * Whoever asks something of a process (a savepoint, a stop, another parallelism) is answered before that process has
 * come to its end; and whoever asked for a checkpoint in an attempt that failed, when the next one has begun and
 * nothing is being stored: a savepoint may be copied after its attempt. A process that was killed owes nothing.
 */
export class AnswerChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** By process and number: what was asked and has not been answered. */
  readonly #open = new Map<number, Map<number, Request>>();
  /** Processes in which another attempt has begun, and idle turns until what was said before that has been heard. */
  readonly #begun = new Map<string, number>();
  /** What is being stored, by process. */
  readonly #storing = new Map<string, number>();

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onAsked(process: number, request: number, what: string, outlives: boolean): void {
    const open = this.#open.get(process) ?? new Map<number, Request>();
    this.#open.set(process, open.set(request, { what, outlives, isOwed: false }));
  }

  onAnswered(process: number, request: number): void {
    this.#open.get(process)?.delete(request);
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name !== 'job.attempt-failed' && name !== 'job.attempt-deployed') return;
    const process = Number(values.process);
    if (name === 'job.attempt-deployed') {
      this.#begun.set(`p${process}`, TURNS_TO_HEAR);
      return;
    }
    // What is owed from now on is looked for when another one has begun.
    this.#begun.delete(`p${process}`);
    for (const request of this.#requestsOf(process)) request.isOwed = !request.outlives;
  }

  onStorageAsked(process: string): void {
    this.#storing.set(process, (this.#storing.get(process) ?? 0) + 1);
  }

  onStorageAnswered(process: string): void {
    this.#storing.set(process, (this.#storing.get(process) ?? 0) - 1);
    if (this.#begun.has(process)) this.#begun.set(process, TURNS_TO_HEAR);
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    const turns = this.#begun.get(process);
    if (!isIdle || turns === undefined || (this.#storing.get(process) ?? 0) > 0) return;
    this.#begun.set(process, turns - 1);
    if (turns > 1) return;
    this.#begun.delete(process);
    const owed = this.#requestsOf(Number(process.slice(1))).find(({ isOwed }) => isOwed);
    const isOver = owed === undefined;
    this.#verdict.check(
      isOver,
      () => `Who asked for ${owed?.what} waits on, and the attempt asked has failed.`,
    );
  }

  onProcessEnded(process: number): void {
    for (const { what } of this.#requestsOf(process))
      this.#verdict.fail('wrong', `Process ${process} has ended, and who asked for ${what} waits on.`);
    this.#open.delete(process);
  }

  #requestsOf(process: number): readonly Request[] {
    return [...(this.#open.get(process)?.values() ?? [])];
  }
}
