import { checkOptionNames, MillraceError, nearest } from '../../core/internal.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './planned-fault.js';
import { SIMULATION_OPTIONS, type Simulation } from './simulation.js';

type Untold = Readonly<Record<string, unknown>>;

/** What `simulate` cannot do without, and what each of them gives. */
const NEEDED = {
  world: 'what the job reaches beside the engine, anew for each run: () => ({ rows: [] })',
  job: 'the job: (env, io) => { env.fromSource(...).sinkTo(...); }',
  output: 'the results, as the world has them in the end: (world) => world.rows',
};
const STATE_BACKENDS: readonly unknown[] = ['heap', 'lmdb'];
/** Of the virtual time between two checkpoints, ms. */
const INTERVAL_MIN_MS = 1;

/**
 * Refuses what `simulate` cannot make sense of, so that a fault that never comes is not taken for one that did no
 * harm.
 *
 * @throws MillraceError MR1001 that names what was given and what may be given
 */
export function checkSimulation<WorldT, OutT>(simulation: Simulation<WorldT, OutT>): void {
  const given: unknown = simulation;
  if (!isRecord(given))
    throw wrong(`simulate was given ${told(given)}.`, 'Give an object with world, job and output.');
  checkOptionNames(given, [...SIMULATION_OPTIONS], 'simulate');
  for (const [name, gives] of Object.entries(NEEDED))
    if (typeof given[name] !== 'function')
      throw wrong(`simulate takes a function as '${name}', and was given ${told(given[name])}.`, gives, name);
  const { seed, expected, orderedBy, unaligned, checkpointIntervalMs, stateBackend, files } = given;
  if (seed !== undefined && !isCount(seed, 0))
    throw wrong(`The seed is ${told(seed)}.`, 'Give a whole number, 0 or more.', 'seed');
  if (expected !== undefined && !isIterable(expected))
    throw wrong(`The results expected are ${told(expected)}.`, 'Give an array, or leave it out.', 'expected');
  if (orderedBy !== undefined && typeof orderedBy !== 'function')
    throw wrong(`orderedBy is ${told(orderedBy)}.`, 'Give a function of a result.', 'orderedBy');
  if (unaligned !== undefined && typeof unaligned !== 'boolean')
    throw wrong(`unaligned is ${told(unaligned)}.`, 'Give true or false.', 'unaligned');
  if (checkpointIntervalMs !== undefined) checkInterval(checkpointIntervalMs);
  if (stateBackend !== undefined && !STATE_BACKENDS.includes(stateBackend))
    throw wrong(`There is no state backend ${told(stateBackend)}.`, "Give 'heap' or 'lmdb'.", 'stateBackend');
  if (files !== undefined) checkFiles(files);
  if (given.faultKinds !== undefined) checkKinds(given.faultKinds);
  if (given.faults !== undefined) checkFaults(given.faults);
}

/**
 * What `output` returned, if it can be looked through.
 *
 * @throws MillraceError MR1001 if it cannot
 */
export function checkedResults<OutT>(returned: Iterable<OutT>): Iterable<OutT> {
  if (isIterable(returned)) return returned;
  const isPromise = isRecord(returned) && typeof (returned as Untold).then === 'function';
  const what = isPromise ? 'a promise' : told(returned);
  throw wrong(`output returned ${what}.`, 'Return the results at once, in an array, say.', 'output');
}

function checkInterval(given: unknown): void {
  if (typeof given === 'number' && given >= INTERVAL_MIN_MS && Number.isFinite(given)) return;
  throw wrong(
    `The time between two checkpoints is ${told(given)}.`,
    `Give a number of virtual milliseconds, ${INTERVAL_MIN_MS} or more; a turn takes a twentieth of one.`,
    'checkpointIntervalMs',
  );
}

function checkFiles(given: unknown): void {
  if (!isRecord(given)) throw wrong(`The files are ${told(given)}.`, "Give { '/path': 'text' }.", 'files');
  for (const [path, text] of Object.entries(given))
    if (typeof text !== 'string')
      throw wrong(`The file '${path}' is ${told(text)}.`, 'Give its text.', 'files');
}

function checkKinds(given: unknown): void {
  if (!Array.isArray(given))
    throw wrong(`The kinds of faults are ${told(given)}.`, 'Give an array of them.', 'faultKinds');
  if (given.length === 0)
    throw wrong('No kind of fault may come.', 'For a run without any, give faults: [].', 'faultKinds');
  for (const kind of given) checkKind(kind, 'faultKinds');
}

function checkFaults(given: unknown): void {
  if (!Array.isArray(given))
    throw wrong(`The faults are ${told(given)}.`, `Give an array of them: [${EXAMPLE}].`, 'faults');
  for (const [index, fault] of given.entries()) {
    const at = `faults[${index}]`;
    if (!isRecord(fault)) throw wrong(`A fault is ${told(fault)}.`, `Give one such as ${EXAMPLE}.`, at);
    checkOptionNames(fault, FAULT_FIELDS, 'A fault');
    checkKind(fault.kind, at);
    if (!isCount(fault.turn, 1))
      throw wrong(`The turn of a fault is ${told(fault.turn)}.`, 'Give a whole number, 1 or more.', at);
    if (!isCount(fault.seed, 0))
      throw wrong(`The seed of a fault is ${told(fault.seed)}.`, 'Give a whole number, 0 or more.', at);
  }
}

const FAULT_FIELDS: readonly (keyof PlannedFault)[] = ['turn', 'kind', 'seed'];
const EXAMPLE = "{ turn: 300, kind: 'killTask', seed: 1 }";

function checkKind(kind: unknown, at: string): void {
  if (FAULT_KINDS.includes(kind as FaultKind)) return;
  const meant = typeof kind === 'string' ? nearest(kind, FAULT_KINDS) : undefined;
  const hint = meant === undefined ? `Kinds are ${FAULT_KINDS.join(', ')}.` : `Did you mean '${meant}'?`;
  throw wrong(`There is no kind of fault ${told(kind)}.`, hint, at);
}

function wrong(what: string, hint: string, at?: string): MillraceError {
  return new MillraceError('MR1001', what, { hint, ...(at === undefined ? {} : { where: { at } }) });
}

function told(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function isRecord(value: unknown): value is Untold {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isCount(value: unknown, least: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
}
