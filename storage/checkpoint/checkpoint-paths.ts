import { crc32c, encodeUtf8, invariant, MillraceError } from '../../core/internal.js';

/**
 * The only speller of names below the checkpoint folder:
 *
 * ```text
 * <execution.checkpointing.dir>/
 *   <job name>/                            one job, all its runs
 *     log/0000000042                       slot 42 of the job's log
 *     data/0000000007-0000000040-2-<owner>.<n>.<purpose>
 *          checkpoint - epoch    - attempt
 *     claims/0000000007-0000000040       what the run of that checkpoint and epoch has claimed elsewhere
 *     requirements/0000000012-0000000040-0000000001
 *          run        - epoch    - number  what a rescale has asked for
 * ```
 *
 * A data key says which leader and which attempt wrote it: what a zombie writes late has a name that no
 * manifest of its successors holds.
 */
export const LOG_PREFIX = 'log/';
export const DATA_PREFIX = 'data/';
/** Before the keys of files that lie in a folder which the job has claimed. */
export const CLAIMED_PREFIX = 'claimed/';
export const REQUIREMENTS_PREFIX = 'requirements/';

const DIGITS = 10;
const OWNER_LENGTH_MAX = 96;
const JOB_NAME_LENGTH_MAX = 200;

export function slotKey(slot: number): string {
  return LOG_PREFIX + padded(slot);
}

/** The slot that a key of the log names; undefined for a foreign file. */
export function slotOfKey(key: string): number | undefined {
  const match = /^log\/(\d{10,16})$/.exec(key);
  const slot = Number(match?.[1] ?? Number.NaN);
  return Number.isSafeInteger(slot) && slot > 0 ? slot : undefined;
}

/** Who writes a data file, and for what. */
export interface DataFileName {
  readonly checkpointId: number;
  readonly epoch: number;
  readonly attempt: number;
  /** `<uid>-<subtask>`: any text. */
  readonly owner: string;
  /** Tells the files of one writer apart. */
  readonly number: number;
  readonly purpose: string;
}

export function dataKey(name: DataFileName): string {
  const owner = plainName(name.owner, OWNER_LENGTH_MAX);
  const purpose = plainName(name.purpose, OWNER_LENGTH_MAX);
  const origin = `${padded(name.checkpointId)}-${padded(name.epoch)}-${name.attempt}`;
  return `${DATA_PREFIX}${origin}-${owner}.${name.number}.${purpose}`;
}

/** Names a claim by the checkpoint that made the files the job's own. */
export function newClaimName(checkpointId: number, epoch: number): string {
  return `${padded(checkpointId)}-${padded(epoch)}`;
}

/** Which checkpoint and epoch a claim is named by. */
export function claimOrigin(name: string): { readonly checkpointId: number; readonly epoch: number } {
  const origin = dataKeyOrigin(`${CLAIMED_PREFIX}${name}/-`);
  invariant(origin !== undefined, 'a claim is named by a checkpoint', { name });
  return origin;
}

/** The claim that the key of a file belongs to; undefined for a file of the job's own folder. */
export function claimName(key: string): string | undefined {
  return /^claimed\/(\d{10,16}-\d{10,16})\/./.exec(key)?.[1];
}

/**
 * Which checkpoint and epoch wrote a data file, or made it the job's own if it was claimed; undefined for a foreign
 * file.
 */
export function dataKeyOrigin(key: string): { checkpointId: number; epoch: number } | undefined {
  const match = /^(?:data\/(\d{10,16})-(\d{10,16})-\d+-|claimed\/(\d{10,16})-(\d{10,16})\/)./.exec(key);
  if (match === null) return undefined;
  return { checkpointId: Number(match[1] ?? match[3]), epoch: Number(match[2] ?? match[4]) };
}

export function requirementsKey(origin: {
  readonly run: number;
  readonly epoch: number;
  readonly number: number;
}): string {
  return REQUIREMENTS_PREFIX + [origin.run, origin.epoch, origin.number].map(padded).join('-');
}

/** The run that wrote it; undefined for a foreign file. */
export function requirementsKeyOrigin(key: string): { readonly run: number } | undefined {
  const run = /^requirements\/(\d{10,16})-\d{10,16}-\d{10,16}$/.exec(key)?.[1];
  return run === undefined ? undefined : { run: Number(run) };
}

/**
 * The folder of a job. Letters, digits, spaces and most signs stand for themselves; what would leave the
 * folder, hide it or trouble a file system is percent-encoded, so different names have different folders.
 *
 * @throws MillraceError MR1008 for a name that is empty or too long
 */
export function jobFolder(checkpointsFolder: string, jobName: string): string {
  const folder = checkpointsFolder.endsWith('/') ? checkpointsFolder.slice(0, -1) : checkpointsFolder;
  return `${folder}/${jobFolderName(jobName)}`;
}

function jobFolderName(jobName: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const name = jobName.replace(/[\u0000-\u001f\u007f%/\\:*?"<>|]|^[. ]|[. ]$/g, percentEncoded);
  if (name === '' || encodeUtf8(name).length > JOB_NAME_LENGTH_MAX) {
    throw new MillraceError('MR1008', `'${jobName}' cannot name a job`, {
      why: `a job's name is also that of its folder: 1 to ${JOB_NAME_LENGTH_MAX} bytes`,
      hint: 'choose a name with --job-id or pipeline.name',
    });
  }
  return name;
}

/** A text as part of an object key: encoded, and if too long, cut and told apart by two checksums. */
function plainName(text: string, lengthMax: number): string {
  const name = text.replace(/[^A-Za-z0-9_-]/g, percentEncoded);
  if (name.length <= lengthMax) return name;
  const bytes = encodeUtf8(name);
  const forward = crc32c(bytes).toString(16).padStart(8, '0');
  const backward = crc32c(bytes.reverse()).toString(16).padStart(8, '0');
  return `${name.slice(0, lengthMax - 17)}~${forward}${backward}`;
}

function percentEncoded(character: string): string {
  let text = '';
  for (const byte of encodeUtf8(character)) text += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return text;
}

function padded(number: number): string {
  invariant(Number.isSafeInteger(number) && number >= 0, 'slots, ids and epochs are natural numbers', {
    number,
  });
  return String(number).padStart(DIGITS, '0');
}
