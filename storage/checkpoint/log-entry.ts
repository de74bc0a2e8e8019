import { crc32c, type JobHolder, murmur3, type StoredJobResult } from '../../core/internal.js';
import { corruptFile, FieldReader } from './field-reader.js';
import { FieldWriter } from './field-writer.js';

/**
 * One slot of a job's log: a head that says who wrote it and how the job stands, and a body, which is the
 * manifest of a completed checkpoint or empty. Head and body have a checksum each, so that a damaged
 * manifest still tells its place in the job's life. Numbers in the frame are 32 bits, little endian.
 *
 * ```text
 *  0               4               8               12
 * +---------------+---------------+---------------+------------------ - -
 * | magic "MRLE"  | version | hl  | body length   | head (hl bytes)
 * +---------------+---------------+---------------+------------------ - -
 * | head CRC32C   | body                                              - -
 * +---------------+-------------------------------+------------------ - -
 * | body CRC32C   |
 * +---------------+
 *
 * version: 8 bits, hl: 24 bits. The head's checksum covers everything in front of it, the body's the body.
 * head = slot, epoch, run, kind (1 byte), newestCheckpointId, checkpointsInRun, previousHash (4 bytes),
 *        startedMs, host, bootId, pid, processStartTime, jobId (since version 2),
 *        checkpointBelow: slot, or 0, [hash (4 bytes)] (since version 3),
 *        pidNamespace, or empty (since version 4),
 *        [kind = result: state (1 byte), finishedMs, checkpointsKept (1 byte), note (1 byte), text of the note?]
 * ```
 */
export interface LogEntryHead {
  /** Where it stands; a copy under another number is refused. */
  readonly slot: number;
  /** Number of the slot with which its leader began: unique, and greater than those of earlier leaders. */
  readonly epoch: number;
  /** Number of the slot that began the run. */
  readonly run: number;
  readonly kind: LogEntryKind;
  /** No checkpoint up to this slot, of whatever run, has a greater id; 0 if there was none. */
  readonly newestCheckpointId: number;
  /** How many slots of the run up to this one hold a checkpoint; unreadable ones count as such. */
  readonly checkpointsInRun: number;
  /** {@link entryHash} of the slot before, as it was when this was written; 0 for the first slot. */
  readonly previousHash: number;
  /** Wall time at which the epoch began, ms. */
  readonly startedMs: number;
  readonly holder: JobHolder;
  /** By which clients know the job, whoever leads it: one for each submission. Empty where none was told. */
  readonly jobId: string;
  /**
   * The newest slot below this one that holds a checkpoint of the run: none between them does. Undefined where
   * there is none, where an entry between could not be read, and in what version 2 wrote.
   */
  readonly checkpointBelow: SlotReference | undefined;
  /** For `result`. */
  readonly result: LoggedResult | undefined;
}

/** A slot, and the {@link entryHash} of what it has to hold. */
export interface SlotReference {
  readonly slot: number;
  readonly hash: number;
}

export interface LoggedResult extends StoredJobResult {
  /** Whether the run's checkpoints were to be kept. */
  readonly checkpointsKept: boolean;
}

export type LogEntryKind = (typeof KINDS)[number];

export interface LogEntry {
  readonly head: LogEntryHead;
  readonly body: Uint8Array;
}

/** A slot whose head could be read and whose body could not. */
export interface DamagedEntry {
  readonly head: LogEntryHead;
  readonly error: unknown;
}

/**
 * - `start`: a leader begins; a run too if `run` is the slot itself;
 * - `checkpoint`: a checkpoint is complete, its manifest is the body;
 * - `void`: nothing; it settles that a checkpoint whose slot this was will never complete;
 * - `release`: the leader has gone in order, the job can be taken up;
 * - `result`: the run has ended.
 */
const KINDS = ['start', 'checkpoint', 'void', 'release', 'result'] as const;
const RESULT_STATES = ['FINISHED', 'FAILED', 'CANCELED'] as const;
/** What is said of a result: why a job failed, or the savepoint that it was stopped with. */
const RESULT_NOTES = ['none', 'message', 'savepoint'] as const;

const MAGIC = 0x454c524d;
const VERSION = 4;
/** The oldest version that is read. */
const VERSION_MIN = 1;
const FRAME_BYTES = 12;
const CRC_BYTES = 4;
const HEAD_BYTES_MAX = 64 * 1024;
/** The longest manifest: beyond it, operator state is no longer small, and belongs into keyed state. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024;
/** The longest slot. */
export const ENTRY_BYTES_MAX = FRAME_BYTES + HEAD_BYTES_MAX + BODY_BYTES_MAX + 2 * CRC_BYTES;
/** A result's message is cut to this many UTF-16 units, so that a head stays small. */
const MESSAGE_LENGTH_MAX = 8_000;

export function encodeLogEntry(head: LogEntryHead, body: Uint8Array): Uint8Array {
  const headBytes = encodeHead(head);
  const out = new FieldWriter();
  out.uint32(MAGIC);
  out.uint32(VERSION | (headBytes.length << 8));
  out.uint32(body.length);
  out.raw(headBytes);
  out.uint32(crc32c(out.finish()));
  out.raw(body);
  out.uint32(crc32c(body));
  return out.finish();
}

/**
 * Tells the bytes of one entry from those of another. Not a CRC: that of bytes which end in their own CRC
 * does not depend on the bytes.
 */
export function entryHash(bytes: Uint8Array): number {
  return murmur3(bytes, 0, bytes.length);
}

/**
 * @returns the entry, or its head alone with the error of its body
 * @throws MillraceError MR3004, naming `file`, if not even the head can be read
 */
export function decodeLogEntry(bytes: Uint8Array, slot: number, file: string): LogEntry | DamagedEntry {
  const frame = new FieldReader(bytes, file);
  if (frame.uint32() !== MAGIC) throw corruptFile(file, 'it does not begin as an entry of the log');
  const versionAndLength = frame.uint32();
  const version = versionAndLength & 0xff;
  if (version < VERSION_MIN || version > VERSION) {
    throw corruptFile(file, `its version ${version} is unknown: a newer millrace wrote it, or it is damaged`);
  }
  const headLength = versionAndLength >>> 8;
  const bodyLength = frame.uint32();
  const headEnd = FRAME_BYTES + headLength;
  if (headEnd + CRC_BYTES > bytes.length) throw corruptFile(file, 'it is too short for its head');
  const headCrc = new FieldReader(bytes, file, headEnd).uint32();
  if (headCrc !== crc32c(bytes, 0, 0, headEnd)) throw corruptFile(file, "its head's checksum differs");
  const head = decodeHead(new FieldReader(bytes, file, FRAME_BYTES, headEnd), version);
  if (head.slot !== slot) throw corruptFile(file, `it says that it is slot ${head.slot}`);
  const bodyFrom = headEnd + CRC_BYTES;
  if (bodyFrom + bodyLength + CRC_BYTES !== bytes.length) {
    return { head, error: corruptFile(file, `it has ${bytes.length} bytes, its head says another length`) };
  }
  const body = bytes.subarray(bodyFrom, bodyFrom + bodyLength);
  if (new FieldReader(bytes, file, bodyFrom + bodyLength).uint32() !== crc32c(body)) {
    return { head, error: corruptFile(file, "its manifest's checksum differs") };
  }
  return { head, body };
}

function encodeHead(head: LogEntryHead): Uint8Array {
  const out = new FieldWriter();
  out.natural(head.slot);
  out.natural(head.epoch);
  out.natural(head.run);
  out.byte(KINDS.indexOf(head.kind));
  out.natural(head.newestCheckpointId);
  out.natural(head.checkpointsInRun);
  out.uint32(head.previousHash);
  out.natural(head.startedMs);
  out.text(head.holder.host);
  out.text(head.holder.bootId);
  out.natural(head.holder.pid);
  out.text(head.holder.processStartTime);
  out.text(head.jobId);
  const { checkpointBelow, result } = head;
  out.natural(checkpointBelow?.slot ?? 0);
  if (checkpointBelow !== undefined) out.uint32(checkpointBelow.hash);
  out.text(head.holder.pidNamespace ?? '');
  if (result !== undefined) {
    out.byte(RESULT_STATES.indexOf(result.state));
    out.natural(result.finishedMs);
    out.byte(result.checkpointsKept ? 1 : 0);
    const { message, savepointPath } = result;
    // Cut off, a path would be another one.
    const isShort = savepointPath !== undefined && savepointPath.length <= MESSAGE_LENGTH_MAX;
    const note = message === undefined ? (isShort ? 'savepoint' : 'none') : 'message';
    out.byte(RESULT_NOTES.indexOf(note));
    if (note === 'message') out.text(message?.slice(0, MESSAGE_LENGTH_MAX) ?? '');
    if (note === 'savepoint') out.text(savepointPath ?? '');
  }
  return out.finish();
}

function decodeHead(input: FieldReader, version: number): LogEntryHead {
  if (input.remaining > HEAD_BYTES_MAX) throw input.corrupt('its head is too long');
  const slot = input.natural();
  const epoch = input.natural();
  const run = input.natural();
  const kind = input.oneOf(KINDS, 'the kind of entry');
  const newestCheckpointId = input.natural();
  const checkpointsInRun = input.natural();
  const previousHash = input.uint32();
  const startedMs = input.natural();
  const process: JobHolder = {
    host: input.text(),
    bootId: input.text(),
    pid: input.natural(),
    processStartTime: input.text(),
  };
  const jobId = version === 1 ? '' : input.text();
  const below = version < 3 ? 0 : input.natural();
  const checkpointBelow = below === 0 ? undefined : { slot: below, hash: input.uint32() };
  const pidNamespace = version < 4 ? '' : input.text();
  const holder: JobHolder = pidNamespace === '' ? process : { ...process, pidNamespace };
  const result = kind === 'result' ? decodeResult(input) : undefined;
  input.end();
  if (epoch < run || epoch > slot || run < 1) throw input.corrupt('epoch and run do not fit the slot');
  if (below !== 0 && (below <= run || below >= slot))
    throw input.corrupt('the checkpoint below it is none of its run');
  return {
    slot,
    epoch,
    run,
    kind,
    newestCheckpointId,
    checkpointsInRun,
    previousHash,
    startedMs,
    holder,
    jobId,
    checkpointBelow,
    result,
  };
}

function decodeResult(input: FieldReader): LoggedResult {
  const state = input.oneOf(RESULT_STATES, 'the result');
  const finishedMs = input.natural();
  const checkpointsKept = input.oneOf([false, true], 'a yes or no');
  const note = input.oneOf(RESULT_NOTES, 'what may be absent');
  const result = { state, finishedMs, checkpointsKept };
  if (note === 'message') return { ...result, message: input.text() };
  return note === 'savepoint' ? { ...result, savepointPath: input.text() } : result;
}
