import { encodeUtf8, murmur3 } from '../../core/internal.js';

/**
 * Names of the files of a file sink:
 *
 *     .part-<sink>-<subtask>-<epoch>-<attempt>-<number>.jsonl.inprogress  until it is committed
 *      part-<sink>-<subtask>-<epoch>-<attempt>-<number>.jsonl             committed
 *
 * `sink` is a hash of the job's name and the operator's uid, so that jobs can share a folder. Epoch (of the
 * process) and attempt (of the task) together are never used twice, so no two writers ever choose one name,
 * whatever checkpoint they were restored from.
 */
export interface PartFileName {
  readonly sink: string;
  readonly subtask: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly number: number;
}

const IN_PROGRESS = '.inprogress';
const PATTERN = /^\.?part-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(\d+)\./;

export function sinkHash(jobName: string, uid: string): string {
  const bytes = encodeUtf8(JSON.stringify([jobName, uid]));
  return murmur3(bytes, 0, bytes.length).toString(16).padStart(8, '0');
}

export function committedName(name: PartFileName, suffix: string): string {
  const number = String(name.number).padStart(5, '0');
  return `part-${name.sink}-${name.subtask}-${name.epoch}-${name.attempt}-${number}${suffix}`;
}

export function inProgressName(name: PartFileName, suffix: string): string {
  return `.${committedName(name, suffix)}${IN_PROGRESS}`;
}

/** Undefined for a file that is not a sink's. */
export function parsePartFileName(fileName: string): PartFileName | undefined {
  const match = PATTERN.exec(fileName);
  if (match === null) return undefined;
  const [, sink = '', subtask, epoch, attempt, number] = match;
  return {
    sink,
    subtask: Number(subtask),
    epoch: Number(epoch),
    attempt: Number(attempt),
    number: Number(number),
  };
}

export function isInProgress(fileName: string): boolean {
  return fileName.startsWith('.') && fileName.endsWith(IN_PROGRESS);
}
