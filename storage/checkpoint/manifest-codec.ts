import type {
  CheckpointManifest,
  InFlightChannel,
  InFlightEdge,
  InFlightHandle,
  KeyedStateFile,
  KeyedStateHandle,
  KeyGroupRange,
  OperatorListHandle,
  OperatorStateHandle,
  PartitionerKind,
  StateFileHandle,
  SubtaskSnapshot,
  VertexSnapshot,
} from '../../core/internal.js';
import { isObjectKey } from '../object-store/object-store.js';
import { readAccumulators, writeAccumulators } from './accumulator-codec.js';
import { readEach, readRecord, writeEach, writeRecord } from './field-collections.js';
import { FieldReader } from './field-reader.js';
import { FieldWriter } from './field-writer.js';

/**
 * The bytes of a checkpoint manifest. Fields in declared order as {@link FieldWriter} writes them; `*` is a
 * count before that many elements; records are pairs of name and value in ascending order of names.
 *
 * ```text
 * manifest  = version (1 byte), checkpointId, epoch, attempt, fingerprint, jobName,
 *             triggeredMs, completedMs, kind (1 byte), vertex*
 * vertex    = vertexUid, parallelism, maxParallelism, subtask*, enumerator?, (uid, accumulators)* (since version 4)
 * subtask   = 0 (finished) | 1 | 2 (data finished, since version 4), then (uid, operator)*, inFlight? (since version 3)
 * operator  = keyed?, (name, list)*
 * keyed     = format, keyGroupStart, keyGroupEnd, file*, (table, typeId)*
 * file      = key, sizeBytes, entryCount, crc32c (4 bytes), range?
 * range     = first key group, last key group
 * list      = mode (1 byte), bytes*
 * inFlight  = format, file, edge*
 * edge      = sourceUid, inputIndex, ordinal, partitioner (1 byte), typeId, producers, channel*
 * channel   = producer, number, sizeBytes
 * x?        = 0 | 1, x
 * ```
 *
 * Nothing is revived: the result is plain objects, arrays, texts, numbers and byte arrays. A checksum over
 * the manifest is kept by what holds it (the slot of the log); what is decoded here is checked all the same.
 */
const MANIFEST_VERSION = 4;
const OLDEST_VERSION = 2;

const KINDS = ['checkpoint', 'savepoint', 'drained'] as const;
const PARTITIONERS = [
  'forward',
  'hash',
  'rebalance',
  'rescale',
  'shuffle',
  'broadcast',
  'global',
  'custom',
] as const satisfies readonly PartitionerKind[];
const SUBTASK_STATES = ['finished', 'running', 'data-finished'] as const;
const LIST_MODES = ['split', 'union', 'broadcast', 'watermark', 'together'] as const;

/** @throws MillraceError MR3007 for a state or operator whose name cannot be stored */
export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  const out = new FieldWriter();
  out.byte(MANIFEST_VERSION);
  out.natural(manifest.checkpointId);
  out.natural(manifest.epoch);
  out.natural(manifest.attempt);
  out.text(manifest.fingerprint);
  out.text(manifest.jobName);
  out.natural(manifest.triggeredMs);
  out.natural(manifest.completedMs);
  out.byte(KINDS.indexOf(manifest.kind));
  writeEach(out, manifest.vertices, writeVertex);
  return out.finish();
}

/** @throws MillraceError MR3004, which names `file`, for anything that {@link encodeManifest} did not write */
export function decodeManifest(bytes: Uint8Array, file: string): CheckpointManifest {
  const input = new FieldReader(bytes, file);
  const version = input.byte();
  if (version < OLDEST_VERSION || version > MANIFEST_VERSION)
    throw input.corrupt(`manifest version ${version} is unknown`);
  const manifest: CheckpointManifest = {
    checkpointId: input.natural(),
    epoch: input.natural(),
    attempt: input.natural(),
    fingerprint: input.text(),
    jobName: input.text(),
    triggeredMs: input.natural(),
    completedMs: input.natural(),
    kind: input.oneOf(KINDS, 'the kind of checkpoint'),
    vertices: readEach(input, (each) => readVertex(each, version)),
  };
  input.end();
  return manifest;
}

/** The data files that a manifest names, each once. */
export function filesOfManifest(manifest: CheckpointManifest): ReadonlyMap<string, StateFileHandle> {
  const files = new Map<string, StateFileHandle>();
  for (const { subtasks } of manifest.vertices) {
    for (const subtask of subtasks) {
      if (subtask === 'finished') continue;
      for (const { keyed } of Object.values(subtask.operators)) {
        for (const file of keyed?.files ?? []) files.set(file.key, file);
      }
      const { inFlight } = subtask;
      if (inFlight !== undefined) files.set(inFlight.file.key, inFlight.file);
    }
  }
  return files;
}

function writeVertex(out: FieldWriter, vertex: VertexSnapshot): void {
  out.text(vertex.vertexUid);
  out.natural(vertex.parallelism);
  out.natural(vertex.maxParallelism);
  writeEach(out, vertex.subtasks, writeSubtask);
  out.byte(vertex.enumerator === undefined ? 0 : 1);
  if (vertex.enumerator !== undefined) out.bytes(vertex.enumerator);
  writeRecord(out, vertex.ended ?? {}, writeAccumulators);
}

function readVertex(input: FieldReader, version: number): VertexSnapshot {
  const vertex: VertexSnapshot = {
    vertexUid: input.text(),
    parallelism: input.natural(),
    maxParallelism: input.natural(),
    subtasks: readEach(input, (each) => readSubtask(each, version)),
    enumerator: isPresent(input) ? input.bytes() : undefined,
  };
  const { parallelism, maxParallelism, subtasks } = vertex;
  if (parallelism < 1 || parallelism > maxParallelism || parallelism !== subtasks.length)
    throw input.corrupt(`${subtasks.length} subtasks do not make a parallelism of ${parallelism}`);
  const ended = version >= 4 ? readRecord(input, readAccumulators) : {};
  return Object.keys(ended).length > 0 ? { ...vertex, ended } : vertex;
}

function writeSubtask(out: FieldWriter, subtask: SubtaskSnapshot | 'finished'): void {
  if (subtask === 'finished') {
    out.byte(0);
    return;
  }
  out.byte(subtask.dataFinished === true ? 2 : 1);
  writeRecord(out, subtask.operators, writeOperator);
  out.byte(subtask.inFlight === undefined ? 0 : 1);
  if (subtask.inFlight !== undefined) writeInFlight(out, subtask.inFlight);
}

function readSubtask(input: FieldReader, version: number): SubtaskSnapshot | 'finished' {
  const state = input.oneOf(version >= 4 ? SUBTASK_STATES : SUBTASK_STATES.slice(0, 2), 'a subtask');
  if (state === 'finished') return state;
  const operators = readRecord(input, readOperator);
  const dataFinished = state === 'data-finished' ? ({ dataFinished: true } as const) : {};
  const inFlight = version >= 3 && isPresent(input) ? { inFlight: readInFlight(input) } : {};
  return { operators, ...inFlight, ...dataFinished };
}

function writeInFlight(out: FieldWriter, inFlight: InFlightHandle): void {
  out.natural(inFlight.format);
  writeHandle(out, inFlight.file);
  writeEach(out, inFlight.edges, writeEdge);
}

function readInFlight(input: FieldReader): InFlightHandle {
  return { format: input.natural(), file: readHandle(input), edges: readEach(input, readEdge) };
}

function writeEdge(out: FieldWriter, edge: InFlightEdge): void {
  out.text(edge.sourceUid);
  out.natural(edge.inputIndex);
  out.natural(edge.ordinal);
  out.byte(PARTITIONERS.indexOf(edge.partitioner));
  out.text(edge.typeId);
  out.natural(edge.producers);
  writeEach(out, edge.channels, writeChannel);
}

function readEdge(input: FieldReader): InFlightEdge {
  return {
    sourceUid: input.text(),
    inputIndex: input.natural(),
    ordinal: input.natural(),
    partitioner: input.oneOf(PARTITIONERS, 'the partitioner of an edge'),
    typeId: input.text(),
    producers: input.natural(),
    channels: readEach(input, readChannel),
  };
}

function writeChannel(out: FieldWriter, channel: InFlightChannel): void {
  out.natural(channel.producer);
  out.natural(channel.number);
  out.natural(channel.sizeBytes);
}

function readChannel(input: FieldReader): InFlightChannel {
  return { producer: input.natural(), number: input.natural(), sizeBytes: input.natural() };
}

function writeOperator(out: FieldWriter, operator: OperatorStateHandle): void {
  out.byte(operator.keyed === undefined ? 0 : 1);
  if (operator.keyed !== undefined) writeKeyed(out, operator.keyed);
  writeRecord(out, operator.lists, writeList);
}

function readOperator(input: FieldReader): OperatorStateHandle {
  return {
    keyed: isPresent(input) ? readKeyed(input) : undefined,
    lists: readRecord(input, readList),
  };
}

function writeKeyed(out: FieldWriter, keyed: KeyedStateHandle): void {
  out.natural(keyed.format);
  out.natural(keyed.keyGroupStart);
  out.natural(keyed.keyGroupEnd);
  writeEach(out, keyed.files, writeFile);
  writeRecord(out, keyed.tables, writeText);
}

function readKeyed(input: FieldReader): KeyedStateHandle {
  const format = input.natural();
  const { start: keyGroupStart, end: keyGroupEnd } = readRange(input);
  return {
    format,
    keyGroupStart,
    keyGroupEnd,
    files: readEach(input, readFile),
    tables: readRecord(input, readText),
  };
}

function readRange(input: FieldReader): KeyGroupRange {
  const range = { start: input.natural(), end: input.natural() };
  if (range.start > range.end) throw input.corrupt('a range of key groups ends before it begins');
  return range;
}

function writeHandle(out: FieldWriter, file: StateFileHandle): void {
  out.text(file.key);
  out.natural(file.sizeBytes);
  out.natural(file.entryCount);
  out.uint32(file.crc32c);
}

function readHandle(input: FieldReader): StateFileHandle {
  const key = input.text();
  if (!isObjectKey(key)) throw input.corrupt('a file name leads out of the folder');
  return { key, sizeBytes: input.natural(), entryCount: input.natural(), crc32c: input.uint32() };
}

function writeFile(out: FieldWriter, file: KeyedStateFile): void {
  writeHandle(out, file);
  out.byte(file.keyGroups === undefined ? 0 : 1);
  if (file.keyGroups === undefined) return;
  out.natural(file.keyGroups.start);
  out.natural(file.keyGroups.end);
}

function readFile(input: FieldReader): KeyedStateFile {
  const file = readHandle(input);
  return isPresent(input) ? { ...file, keyGroups: readRange(input) } : file;
}

function writeList(out: FieldWriter, list: OperatorListHandle): void {
  out.byte(LIST_MODES.indexOf(list.mode));
  writeEach(out, list.items, writeBytes);
}

function readList(input: FieldReader): OperatorListHandle {
  return { mode: input.oneOf(LIST_MODES, 'the mode of a list'), items: readEach(input, readBytes) };
}

function writeText(out: FieldWriter, text: string): void {
  out.text(text);
}

function readText(input: FieldReader): string {
  return input.text();
}

function writeBytes(out: FieldWriter, bytes: Uint8Array): void {
  out.bytes(bytes);
}

function readBytes(input: FieldReader): Uint8Array {
  return input.bytes();
}

function isPresent(input: FieldReader): boolean {
  return input.oneOf([false, true], 'what may be absent');
}
