import { MillraceError } from '../../core/internal.js';
import type { WorldFailure } from '../simulation/world-failure.js';
import type { PlannedFault } from './planned-fault.js';
import { type ResultDifference, resultText } from './result-difference.js';
import type { ResultJournal, ResultMoment } from './result-journal.js';
import type { Recovery, RunHistory } from './run-history.js';

/** What somebody needs to know to tell why results are wrong. */
export interface StoryParts<OutT> {
  readonly seed: number;
  readonly faults: readonly PlannedFault[];
  readonly history: RunHistory;
  readonly vertices: readonly (readonly string[])[];
  readonly journal: ResultJournal<OutT>;
  /** The run was made twice, and was another one the second time. */
  readonly isUnstable: boolean;
  /** The job came to other results without any fault. */
  readonly isWrongAnyway: boolean;
}

/** Of each kind. */
const EXAMPLES_MAX = 2;
const TEXT_MAX = 200;

const ONCE =
  'What a sink shows before the checkpoint that holds it is complete is shown again after a recovery. Let it write ' +
  'idempotently (by a key that is the same each time), or hand what is to be shown out in prepareCommit and show ' +
  'it in a committer, which is called once the checkpoint is complete, perhaps more than once.';
const NOTHING_LOST =
  'What a writer still holds when flush or prepareCommit has returned must be in snapshotState, and createWriter ' +
  'must take it up again from `restored`; a commit that fails must reject. What a function knows belongs into state.';
const REMEMBER =
  'What a function keeps in a field or a variable is gone after a recovery: keep it in state. Results that hang on ' +
  'the order of arrival, on processing time or on chance cannot be compared: give `expected`, or leave them out.';
const FENCE =
  'A process that stood still may go on beside the one that took over: `epoch` of the context tells who is the older.';
const ORDER =
  'Records keep their order from one subtask to another; a sink that writes side by side does not.';
const STABLE =
  'The same run went another way when it was made again, so user code asks for real time, chance or input.';

const HANDLED = 'Await what user code begins, or handle its rejection: nobody else does.';
const NO_FAULT = 'No fault makes a job fail of this: it comes from the job, or from what the job relies on.';
const SETTLES =
  'Where it waits for a promise, that has to settle in reactions to others or by `sleep` of the simulation.';
const BEARS =
  'User code must bear to be called again after a recovery, with what came before it still in the outside world.';

/** What went wrong with the results, and why. */
export function resultStory<OutT>(
  { repeated, missing, unexpected, misplaced }: ResultDifference<OutT>,
  parts: StoryParts<OutT>,
): MillraceError {
  const again = repeated.length;
  const [lost, strange, moved] = [missing.length, unexpected.length, misplaced.length];
  const counts = [
    ...(again > 0 ? [`${results(again)} came too often`] : []),
    ...(lost > 0 ? [`${results(lost)} ${lost === 1 ? 'is' : 'are'} missing`] : []),
    ...(strange > 0 ? [`${results(strange)} nobody expected`] : []),
    ...(moved > 0 ? [`${moved === 1 ? 'one group is' : `${moved} groups are`} out of order`] : []),
  ];
  const sentences = [
    ...repeated.slice(0, EXAMPLES_MAX).map((each) => repetition(each, parts)),
    ...missing.slice(0, EXAMPLES_MAX).map((result) => `${short(result)} is missing${after(parts)}.`),
    ...unexpected.slice(0, EXAMPLES_MAX).map((result) => `${short(result)} ${came(result, parts)}.`),
    ...misplaced
      .slice(0, EXAMPLES_MAX)
      .map(
        ({ group, result, expected }) =>
          `Of ${short(group)}, ${short(result)} came before ${short(expected)}.`,
      ),
    ...(parts.isWrongAnyway ? ['So it is without any fault.'] : []),
  ];
  const hints = [
    ...(parts.isUnstable ? [STABLE] : []),
    ...(again > 0 ? [ONCE] : []),
    ...(lost > 0 && strange === 0 ? [NOTHING_LOST] : []),
    ...(strange > 0 ? [REMEMBER] : []),
    ...(moved > 0 ? [ORDER] : []),
    ...(again + strange > 0 && parts.faults.some(({ kind }) => kind === 'takeOver') ? [FENCE] : []),
  ];
  return told(`${counts.join(', ')}.`, sentences.join(' '), hints.join(' '), parts, sinkOf(repeated, parts));
}

/** The run did not come to its end, or something threw on the way that must not. */
export function failureStory<OutT>(failure: WorldFailure, parts: StoryParts<OutT>): MillraceError {
  const error = parts.history.errors.at(-1);
  const what =
    failure.kind === 'stuck' ? 'The job does not come to its end.' : 'The job went wrong while it ran.';
  const why = `${failure.message}${/[.!?]$/.test(failure.message) ? '' : '.'}`;
  const last = error === undefined ? '' : ` An attempt failed of ${error}`;
  return told(what, `${why}${last}`, hintOf(failure, error), parts, undefined, failure.cause);
}

function hintOf({ kind }: WorldFailure, error: string | undefined): string {
  if (kind === 'crash') return HANDLED;
  if (kind === 'wrong') return NO_FAULT;
  return error === undefined ? SETTLES : BEARS;
}

function told<OutT>(
  what: string,
  why: string,
  hint: string,
  { seed, faults }: StoryParts<OutT>,
  operator: string | undefined,
  cause?: unknown,
): MillraceError {
  const at = `seed ${seed}, faults ${JSON.stringify(faults)}`;
  return new MillraceError('MR5016', what, {
    where: operator === undefined ? { at } : { operator, at },
    why,
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

function results(count: number): string {
  return count === 1 ? '1 result' : `${count} results`;
}

function short(value: unknown): string {
  const text = resultText(value);
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}...`;
}

/** When it came, when again, and what lay between. */
function repetition<OutT>(
  { result, times, expected }: ResultDifference<OutT>['repeated'][number],
  parts: StoryParts<OutT>,
): string {
  const moments = parts.journal.momentsOf(result);
  const [first, next] = [moments[expected - 1], moments[expected]];
  const counted = times === expected + 1 && expected === 1 ? 'twice' : `${times} times, not ${expected}`;
  if (first === undefined || next === undefined) return `${short(result)} came ${counted}.`;
  const recovery = parts.history.recoveries.findLast(({ turn }) => turn > first.turn && turn <= next.turn);
  const between =
    recovery === undefined
      ? 'with no recovery between'
      : `since the job ${begun(recovery, parts.history)}${recovery.checkpoint === undefined ? '' : ', which does not hold it,'} and made it again`;
  return `${short(result)} came ${counted}: in turn ${first.turn}${by(first, parts)} and in turn ${next.turn}${by(next, parts)}, ${between}.`;
}

/** Where the job went on, and after which fault. */
function begun({ turn, checkpoint }: Recovery, { faults }: RunHistory): string {
  const fault = faults.findLast((each) => each.turn <= turn);
  const after = fault === undefined ? '' : ` (after ${fault.kind} in turn ${fault.turn})`;
  const from = checkpoint === undefined ? 'began anew' : 'went on';
  return `${from} in turn ${turn}${after}${checkpoint === undefined ? '' : ` from checkpoint ${checkpoint}`}`;
}

function after<OutT>({ history }: StoryParts<OutT>): string {
  const { recoveries } = history;
  const recovery = recoveries.find(({ checkpoint }) => checkpoint !== undefined) ?? recoveries[0];
  return recovery === undefined ? '' : `, and the job ${begun(recovery, history)}`;
}

function came<OutT>(result: OutT, parts: StoryParts<OutT>): string {
  const moment = parts.journal.momentsOf(result).at(-1);
  if (moment === undefined) return 'was not expected';
  const recovery = parts.history.recoveries.findLast(({ turn }) => turn <= moment.turn);
  const since = recovery === undefined ? '' : `, after the job ${begun(recovery, parts.history)}`;
  return `was not expected; it came in turn ${moment.turn}${by(moment, parts)}${since}`;
}

function by<OutT>(moment: ResultMoment, parts: StoryParts<OutT>): string {
  const operator = operatorOf(moment, parts);
  return operator === undefined ? '' : ` from '${operator}'`;
}

/** The last operator of the chain that ran then. */
function operatorOf<OutT>({ task }: ResultMoment, { vertices }: StoryParts<OutT>): string | undefined {
  const vertex = / (\d+)\/\d+$/.exec(task ?? '')?.[1];
  return vertex === undefined ? undefined : vertices[Number(vertex)]?.at(-1);
}

function sinkOf<OutT>(
  repeated: ResultDifference<OutT>['repeated'],
  parts: StoryParts<OutT>,
): string | undefined {
  for (const { result } of repeated) {
    for (const moment of parts.journal.momentsOf(result)) {
      const operator = operatorOf(moment, parts);
      if (operator !== undefined) return operator;
    }
  }
  return undefined;
}
