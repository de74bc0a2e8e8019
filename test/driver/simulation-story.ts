import { MillraceError } from '../../core/internal.js';
import type { WorldFailure } from '../simulation/world-failure.js';
import type { PlannedFault } from './planned-fault.js';
import { type ResultDifference, resultText } from './result-difference.js';
import type { ResultJournal, ResultMoment } from './result-journal.js';
import type { Recovery, RunHistory } from './run-history.js';
import type { SimulatedVertex } from './simulation-run.js';

/** What somebody needs to know to tell why results are wrong. */
export interface StoryParts<OutT> {
  readonly seed: number;
  readonly faults: readonly PlannedFault[];
  readonly history: RunHistory;
  readonly vertices: readonly SimulatedVertex[];
  readonly journal: ResultJournal<OutT>;
  /** The run was made twice, and was another one the second time. */
  readonly isUnstable: boolean;
  /** It goes wrong without any fault. */
  readonly isWrongAnyway: boolean;
  /** Two runs without any fault came to different results. */
  readonly isChancy: boolean;
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
const HELD =
  'What the checkpoint holds comes again only if it is read, made or committed again: a reader goes on where its ' +
  'split says, so `snapshot` has to return where it stands; a committer is called perhaps more than once, and has to ' +
  'know a commit that comes again.';
const ALONE =
  'A rescale gives each operator another parallelism, also one that has set it: an operator that must be the only ' +
  'one of its kind says forceNonParallel().';
const CHANCE =
  'Results that hang on chance, on real time or on a variable that lasts from one run to the next cannot be ' +
  'compared: make them the same each time, keep what a function knows in state, or leave what differs out of ' +
  '`output`.';
const FENCE =
  'A process that stood still may go on beside the one that took over: `epoch` of the context tells who is the older.';
const ORDER =
  'Records keep their order from one subtask to another; a sink that writes side by side does not.';
const STABLE =
  'The same run went another way when it was made again, so user code asks for real time, chance or input.';

const ANYWAY = 'So it is without any fault.';
const USERS = 'No fault is to blame: look into the user code, and into what it reads.';

const HANDLED = 'Await what user code begins, or handle its rejection: nobody else does.';
const NO_FAULT = 'No fault makes a job fail of this: it comes from the job, or from what the job relies on.';
const SETTLES =
  'Where it waits for a promise, that has to settle in reactions to others or by `sleep` of the simulation.';
const BEARS =
  'User code must bear to be called again after a recovery, with what came before it still in the outside world.';

/** What went wrong with the results, and why. */
export function resultStory<OutT>(
  difference: ResultDifference<OutT>,
  parts: StoryParts<OutT>,
): MillraceError {
  const { missing, unexpected, misplaced } = difference;
  const repeated = heldFirst(difference.repeated, parts);
  const again = repeated.length;
  const [lost, strange, moved] = [missing.length, unexpected.length, misplaced.length];
  const counts = [
    ...(again > 0 ? [`${results(again)} came too often`] : []),
    ...(lost > 0 ? [`${results(lost)} ${lost === 1 ? 'is' : 'are'} missing`] : []),
    ...(strange > 0 ? [`${results(strange)} nobody expected`] : []),
    ...(moved > 0 ? [`${moved === 1 ? 'one group is' : `${moved} groups are`} out of order`] : []),
  ];
  const sentences = [
    ...(parts.isChancy ? ['Two runs without any fault come to different results.'] : []),
    ...repeated.slice(0, EXAMPLES_MAX).map((each) => repetition(each, parts)),
    ...missing.slice(0, EXAMPLES_MAX).map((result) => `${short(result)} is missing${after(parts)}.`),
    ...unexpected.slice(0, EXAMPLES_MAX).map((result) => `${short(result)} ${came(result, parts)}.`),
    ...misplaced
      .slice(0, EXAMPLES_MAX)
      .map(
        ({ group, result, expected }) =>
          `Of ${short(group)}, ${short(result)} came before ${short(expected)}.`,
      ),
    ...rescaled(parts),
    ...(parts.isWrongAnyway && !parts.isChancy ? [ANYWAY] : []),
  ];
  const hints = [
    ...(parts.isUnstable ? [STABLE] : []),
    ...(parts.isChancy ? [CHANCE] : resultHints(difference, parts)),
  ];
  return told(`${counts.join(', ')}.`, sentences.join(' '), hints.join(' '), parts, sinkOf(repeated, parts));
}

/** The likeliest first. */
function resultHints<OutT>(
  { repeated, missing, unexpected, misplaced }: ResultDifference<OutT>,
  parts: StoryParts<OutT>,
): string[] {
  const { history, journal, faults } = parts;
  const moments = [...repeated.map(({ result }) => result), ...unexpected].flatMap((result) =>
    journal.momentsOf(result),
  );
  const isLate = moments.some((moment) => history.isOvertaken(moment));
  const mayBeLate = !isLate && moments.length > 0 && faults.some(({ kind }) => kind === 'takeOver');
  const held = heldFirst(repeated, parts)
    .slice(0, EXAMPLES_MAX)
    .map((each) => isRepeatHeld(each, parts));
  return [
    ...(isLate ? [FENCE] : []),
    ...(rescaled(parts).length > 0 ? [ALONE] : []),
    ...(held.includes(true) ? [HELD] : []),
    ...(held.some((is) => is !== true) ? [ONCE] : []),
    ...(missing.length > 0 && unexpected.length === 0 ? [NOTHING_LOST] : []),
    ...(unexpected.length > 0 ? [REMEMBER] : []),
    ...(misplaced.length > 0 ? [ORDER] : []),
    ...(mayBeLate ? [FENCE] : []),
  ];
}

/** What it is easiest to learn from comes first. */
function heldFirst<OutT>(
  repeated: ResultDifference<OutT>['repeated'],
  parts: StoryParts<OutT>,
): ResultDifference<OutT>['repeated'] {
  const held = new Set(repeated.filter((each) => isRepeatHeld(each, parts) === true));
  return [...held, ...repeated.filter((each) => !held.has(each))];
}

/** Vertices that were alone, and were given others of their kind. */
function rescaled<OutT>({ history, vertices }: StoryParts<OutT>): string[] {
  return history.rescalings.slice(0, 1).flatMap(({ turn, parallelisms }) => {
    const changed = vertices.flatMap(({ operators, parallelism }, vertex) => {
      const now = parallelisms[vertex] ?? parallelism;
      return parallelism === 1 && now > 1 ? [`'${operators.join("', '")}' the parallelism ${now}`] : [];
    });
    if (changed.length === 0) return [];
    return [`In turn ${turn} rescaleJob gave ${changed.join(' and ')}, where it had been 1.`];
  });
}

/** The run did not come to its end, or something threw on the way that must not. */
export function failureStory<OutT>(failure: WorldFailure, parts: StoryParts<OutT>): MillraceError {
  const error = parts.history.errors.at(-1);
  const what =
    failure.kind === 'stuck' ? 'The job does not come to its end.' : 'The job went wrong while it ran.';
  const why = `${failure.message}${/[.!?]$/.test(failure.message) ? '' : '.'}`;
  const last = error === undefined ? '' : ` An attempt failed of ${error}${/[.!?]$/.test(error) ? '' : '.'}`;
  const anyway = parts.isWrongAnyway ? ` ${ANYWAY}` : '';
  return told(what, `${why}${last}${anyway}`, hintOf(failure, error, parts), parts, undefined, failure.cause);
}

function hintOf<OutT>(
  { kind }: WorldFailure,
  error: string | undefined,
  { isWrongAnyway }: StoryParts<OutT>,
): string {
  if (kind === 'crash') return HANDLED;
  if (kind === 'wrong') return NO_FAULT;
  if (error === undefined) return SETTLES;
  return isWrongAnyway ? USERS : BEARS;
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
  const between = betweenText(first, next, parts);
  return `${short(result)} came ${counted}: in turn ${first.turn}${by(first, parts)} and in turn ${next.turn}${by(next, parts)}, ${between}.`;
}

function betweenText<OutT>(first: ResultMoment, next: ResultMoment, parts: StoryParts<OutT>): string {
  const { history } = parts;
  if (history.isOvertaken(next)) return 'when another process had taken over from that one';
  const recovery = recoveryBetween(first, next, history);
  if (recovery === undefined) return 'with no recovery between';
  const held = history.isHeld(first, recovery, vertexOf(first, parts)?.commits === true);
  const holds = held ? ', which holds it' : ', which does not hold it';
  return `since the job ${begun(recovery, history)}${held === undefined ? '' : `${holds},`} and made it again`;
}

function recoveryBetween(
  first: ResultMoment,
  next: ResultMoment,
  { recoveries }: RunHistory,
): Recovery | undefined {
  return recoveries.findLast(({ turn }) => turn > first.turn && turn <= next.turn);
}

/** It came again although the job went on from a checkpoint that holds it. */
function isRepeatHeld<OutT>(
  { result, expected }: ResultDifference<OutT>['repeated'][number],
  parts: StoryParts<OutT>,
): boolean | undefined {
  const { journal, history } = parts;
  const moments = journal.momentsOf(result);
  const [first, next] = [moments[expected - 1], moments[expected]];
  if (first === undefined || next === undefined || history.isOvertaken(next)) return undefined;
  const recovery = recoveryBetween(first, next, history);
  return recovery && history.isHeld(first, recovery, vertexOf(first, parts)?.commits === true);
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
  const late = parts.history.isOvertaken(moment) ? ' of a process that had been taken over' : '';
  return `was not expected; it came in turn ${moment.turn}${by(moment, parts)}${late}${since}`;
}

function by<OutT>(moment: ResultMoment, parts: StoryParts<OutT>): string {
  const operator = operatorOf(moment, parts);
  return operator === undefined ? '' : ` from '${operator}'`;
}

/** The last operator of the chain that ran then. */
function operatorOf<OutT>(moment: ResultMoment, parts: StoryParts<OutT>): string | undefined {
  return vertexOf(moment, parts)?.operators.at(-1);
}

function vertexOf<OutT>({ task }: ResultMoment, { vertices }: StoryParts<OutT>): SimulatedVertex | undefined {
  const vertex = / (\d+)\/\d+$/.exec(task ?? '')?.[1];
  return vertex === undefined ? undefined : vertices[Number(vertex)];
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
