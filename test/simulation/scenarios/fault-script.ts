import type { SimulatedTask } from '../simulated-task.js';
import type { WorldStage } from '../world.js';
import type { TraceLine } from '../world-trace.js';

/** What a script sees of a line of the trace. */
export type ScriptLine = Pick<TraceLine, 'name' | 'text'>;

/** Stands for the end of each turn, so that a cue can wait for some of them. */
export const TURN = 'turn';

/** Turns after which there will be nothing to do it to. */
const TRIES_MAX = 20;

/** What a script waits for: the n-th line of that name whose text matches, counted since the cue before it. */
export interface Moment {
  readonly name: string;
  readonly text?: RegExp;
  /** From 1, the default. */
  readonly nth?: number;
}

/**
 * What is done then. `act`, once the turn is over, answers whether there was anything to do it to; if not, it is
 * tried again after the next turns, and then at the next such line: who wrote this one is gone. `fail`: whoever is
 * just writing the line throws, there and then.
 */
export type Cue = Moment &
  ({ readonly act: (stage: WorldStage, line: ScriptLine) => boolean } | { readonly fail: string });

/**
 * Faults at chosen moments: cue after cue, each when its line is written.
 *
 * Invariants: a cue is looked for only when all before it have been done; each is done once.
 */
export class FaultScript {
  readonly #cues: readonly Cue[];
  #next = 0;
  #seen = 0;
  #due: ScriptLine | undefined;
  #tries = 0;

  constructor(cues: readonly Cue[]) {
    this.#cues = cues;
  }

  /** Cues that have been done. */
  get done(): number {
    return this.#next;
  }

  get isOver(): boolean {
    return this.#next === this.#cues.length;
  }

  /** @throws where the cue says so */
  onLine(line: ScriptLine): void {
    const cue = this.#cues[this.#next];
    if (cue === undefined || this.#due !== undefined || !isOf(line, cue)) return;
    if (++this.#seen < (cue.nth ?? 1)) return;
    this.#seen = 0;
    if ('act' in cue) {
      this.#due = line;
      return;
    }
    this.#next++;
    throw new Error(cue.fail);
  }

  afterTurn(stage: WorldStage): void {
    this.onLine({ name: TURN, text: '' });
    const cue = this.#cues[this.#next];
    if (this.#due === undefined || cue === undefined || !('act' in cue)) return;
    const isDone = cue.act(stage, this.#due);
    if (!isDone && ++this.#tries < TRIES_MAX) return;
    this.#due = undefined;
    this.#tries = 0;
    if (isDone) this.#next++;
    else this.#seen = (cue.nth ?? 1) - 1;
  }
}

function isOf(line: ScriptLine, { name, text }: Moment): boolean {
  return line.name === name && (text === undefined || text.test(line.text));
}

/** The task that a line is about: it says `p1.2 0/1 ...`, or `attempt=2 vertexId=0 subtask=1 ...`. */
export function taskOf({ processes }: WorldStage, { text }: ScriptLine): SimulatedTask | undefined {
  const tasks = processes.alive.flatMap(({ launcher }) => launcher.tasks);
  const [, attempt, vertexId, subtask] = /^attempt=(\d+) vertexId=(\d+) subtask=(\d+)/.exec(text) ?? [];
  if (attempt === undefined) return tasks.find(({ parts }) => text.startsWith(`${parts.name} `));
  return tasks.find(
    ({ paused, parts: { address } }) =>
      !paused &&
      address.attempt === Number(attempt) &&
      address.vertexId === Number(vertexId) &&
      address.subtask === Number(subtask),
  );
}
