import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  AccumulatorTotals,
  assignState,
  environmentLayer,
  type InFlightHandle,
  isMillraceError,
  type JobGraph,
  JobParameters,
  jsonText,
  KEYS_TABLE,
  MillraceError,
  type OperatorStateHandle,
  operatorStateOf,
  operatorUids,
  ownEntry,
  resolveOptions,
  STATE_TABLE_PREFIX,
  StateEntryDecoder,
  type StoredStates,
  stateTableType,
  storedValueType,
  unclaimedInFlight,
  unclaimedUids,
  type VertexSnapshot,
  withTimeAgain,
} from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import {
  type CheckpointAtPath,
  isS3Address,
  METADATA_KEY,
  measureKeyedTables,
  type ObjectStore,
  readKeyedRows,
  readManifestAt,
} from '../../storage/index.js';
import type {
  KeyedTableReport,
  ListReport,
  OperatorReport,
  SavepointDiff,
  SavepointReport,
  SavepointTools,
} from '../cli/savepoint-command.js';
import { buildGraph } from './graph-builder.js';
import { checkpointsAt, s3Settings, storeAt } from './object-stores.js';
import { STOCK_CONTROL_HEAP } from './threads/spare-threads.js';

/** Answers from the files alone: no job runs, and nothing but `dispose` changes anything. */
export const savepointTools: SavepointTools = { inspect, read, diff, dispose };

/** An s3:// address is reached as the environment says: `MILLRACE_S3_ENDPOINT` and so on. */
function storeOf(folder: string): ObjectStore {
  return storeAt(folder, s3Settings(resolveOptions([environmentLayer(process.env).layer])), 'reader');
}

function open(path: string): Promise<CheckpointAtPath> {
  return readManifestAt(storeOf, checkpointsAt(path), (checkpointId, error) => {
    process.stderr.write(`warning: checkpoint ${checkpointId} cannot be read: ${String(error)}\n`);
  });
}

async function inspect(path: string): Promise<SavepointReport> {
  const found = await open(path);
  const { manifest, folder } = found;
  const files = new Map<string, number>();
  const operators: OperatorReport[] = [];
  let inFlightBytes = 0;
  for (const vertex of manifest.vertices) {
    for (const { file } of inFlightOf(vertex)) {
      files.set(file.key, file.sizeBytes);
      inFlightBytes += file.sizeBytes;
    }
    for (const uid of uidsOf(vertex)) {
      for (const { handle } of partsOf(vertex, uid))
        for (const file of handle.keyed?.files ?? []) files.set(file.key, file.sizeBytes);
      operators.push(await reportOf(found, vertex, uid));
    }
  }
  return {
    path: folder,
    kind: found.isSavepoint ? 'savepoint' : 'checkpoint',
    drained: manifest.kind === 'drained',
    job: manifest.jobName,
    checkpointId: manifest.checkpointId,
    triggered: manifest.triggeredMs,
    completed: manifest.completedMs,
    bytes: [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
    inFlightBytes,
    operators,
  };
}

function inFlightOf({ subtasks }: VertexSnapshot): InFlightHandle[] {
  return subtasks.flatMap((subtask) =>
    subtask === 'finished' || subtask.inFlight === undefined ? [] : [subtask.inFlight],
  );
}

async function* read(path: string, uid: string, state: string): AsyncIterable<string> {
  const { manifest, reader } = await open(path);
  const table = STATE_TABLE_PREFIX + state;
  const codecs = new ThreadCodecFactory();
  let found = false;
  for (const vertex of manifest.vertices) {
    for (const { handle, subtask } of partsOf(vertex, uid)) {
      const typeId = handle.keyed?.tables[table];
      if (handle.keyed === undefined || typeId === undefined) continue;
      found = true;
      const decoder = new StateEntryDecoder(stateTableType(typeId), codecs);
      for (const { key, value } of await readKeyedRows(handle.keyed, reader, { uid, subtask }, table)) {
        const entry = decoder.decode(key, value);
        if (entry !== undefined) yield jsonText(entry);
      }
    }
  }
  if (found) return;
  throw new MillraceError('MR7001', `There is no keyed state '${state}' of '${uid}'.`, {
    where: { at: path, uid },
    hint: 'millrace savepoint inspect lists what there is.',
  });
}

async function diff(path: string, job: string, args: readonly string[]): Promise<SavepointDiff> {
  const manifest = withTimeAgain((await open(path)).manifest);
  const params = new JobParameters([...args]).all();
  const { graph, survey } = await buildGraph(
    { url: pathToFileURL(job).href, params, options: {} },
    STOCK_CONTROL_HEAP,
    storedStates(manifest.vertices),
  );
  const known = new Set(manifest.vertices.flatMap((vertex) => uidsOf(vertex)));
  const refused: string[] = [];
  try {
    assignState(manifest, graph, true);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    refused.push(error.message);
  }
  const declared = operatorsOf(graph);
  const states = survey?.states ?? [];
  for (const { outcome, uid, why } of states)
    if (outcome === 'refuse' && why !== undefined) refused.push(`${uid}: ${why}`);
  return {
    mapped: declared.filter(({ uid }) => known.has(uid)).map(({ uid }) => uid),
    fresh: declared.filter(({ uid, keyed }) => keyed && !known.has(uid)).map(({ uid }) => uid),
    dropped: unclaimedUids(manifest, graph),
    droppedInFlight: unclaimedInFlight(manifest, graph),
    migrated: states.flatMap(({ outcome, uid, state, stored, declared }) =>
      outcome === 'migrate' ? [{ uid, state, stored, declared }] : [],
    ),
    refused,
    unknown: survey?.silent ?? {},
  };
}

/** By uid: what the operators' states are stored as. */
function storedStates(vertices: readonly VertexSnapshot[]): Record<string, StoredStates> {
  const stored: Record<string, StoredStates> = {};
  for (const vertex of vertices) {
    for (const uid of uidsOf(vertex)) {
      const tables: Record<string, string> = {};
      const lists: Record<string, OperatorListMode> = {};
      for (const { handle } of partsOf(vertex, uid)) {
        Object.assign(tables, handle.keyed?.tables);
        for (const [name, { mode, items }] of Object.entries(handle.lists))
          if (items.length > 0 || name.startsWith(STATE_TABLE_PREFIX)) lists[name] = mode;
      }
      const { enumerator } = vertex;
      const hasEnumerator = uid === vertex.vertexUid && enumerator !== undefined && enumerator.length > 0;
      stored[uid] = { tables, lists, ...(hasEnumerator && { enumerator: storedValueType(enumerator) }) };
    }
  }
  return stored;
}

type OperatorListMode = OperatorStateHandle['lists'][string]['mode'];

async function dispose(path: string): Promise<void> {
  const found = await open(path);
  const { manifest, folder } = found;
  const metadata = join(folder, METADATA_KEY);
  if (!found.isSavepoint) {
    throw new MillraceError(
      'MR7001',
      `${path} is a checkpoint of the job '${manifest.jobName}', and no savepoint.`,
      {
        hint: 'The job removes its checkpoints by itself.',
      },
    );
  }
  if (isS3Address(folder)) {
    const store = storeOf(folder);
    await store.delete([METADATA_KEY]);
    await store.delete(await store.list(''));
    return;
  }
  // Without it nobody takes the rest for a savepoint.
  await rm(metadata);
  for (const ours of ['data', '.unfinished']) await rm(join(folder, ours), { recursive: true, force: true });
  await rmdir(folder);
}

function operatorsOf(graph: JobGraph): readonly { readonly uid: string; readonly keyed: boolean }[] {
  return graph.vertices.flatMap(({ operators }) => operators);
}

/** The head's uid too, whose enumerator may be all that it has. */
function uidsOf(vertex: VertexSnapshot): readonly string[] {
  return [...new Set([vertex.vertexUid, ...operatorUids(vertex)])];
}

interface OperatorPart {
  readonly subtask: number;
  readonly handle: OperatorStateHandle;
}

function partsOf(vertex: VertexSnapshot, uid: string): readonly OperatorPart[] {
  return vertex.subtasks.flatMap((snapshot, subtask) => {
    const handle = snapshot === 'finished' ? undefined : ownEntry(snapshot.operators, uid);
    return handle === undefined ? [] : [{ subtask, handle }];
  });
}

async function reportOf(
  { reader }: CheckpointAtPath,
  vertex: VertexSnapshot,
  uid: string,
): Promise<OperatorReport> {
  const keyed = new Map<string, KeyedTableReport>();
  const lists = new Map<string, ListReport>();
  let keys: string | undefined;
  for (const { subtask, handle } of partsOf(vertex, uid)) {
    for (const [name, list] of Object.entries(handle.lists)) addList(lists, name, list);
    if (handle.keyed === undefined) continue;
    const sizes = await measureKeyedTables(handle.keyed, reader, { uid, subtask });
    keys = handle.keyed.tables[KEYS_TABLE] ?? keys;
    for (const [table, typeId] of Object.entries(handle.keyed.tables)) {
      if (table === KEYS_TABLE) continue;
      const own = sizes.get(table);
      const before = keyed.get(table);
      keyed.set(table, {
        state: nameOf(table),
        type: typeId,
        entries: (before?.entries ?? 0) + (own?.rows ?? 0),
        bytes: (before?.bytes ?? 0) + (own?.bytes ?? 0),
      });
    }
  }
  const { parallelism, maxParallelism, vertexUid } = vertex;
  return {
    uid,
    chainedTo: uid === vertexUid ? undefined : vertexUid,
    parallelism,
    maxParallelism,
    finished: vertex.subtasks.filter((snapshot) => snapshot === 'finished').length,
    splitEnumerator: uid === vertexUid && vertex.enumerator !== undefined,
    accumulated: accumulatedOf(vertex, uid),
    keys,
    keyed: [...keyed.values()],
    lists: [...lists.values()].filter(({ entries }) => entries > 0),
  };
}

/** Results by name, as JSON. */
function accumulatedOf({ ended = {} }: VertexSnapshot, uid: string): Readonly<Record<string, string>> {
  const { results } = new AccumulatorTotals({ [uid]: ownEntry(ended, uid) ?? {} });
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, jsonText(value)]));
}

function addList(
  lists: Map<string, ListReport>,
  name: string,
  { mode, items }: OperatorStateHandle['lists'][string],
): void {
  const before = lists.get(name);
  const declared = operatorStateOf(name);
  const [state, type] = declared === undefined ? ownList(name) : [declared.name, declared.typeId];
  lists.set(name, {
    state,
    type,
    mode,
    entries: (before?.entries ?? 0) + items.length,
    bytes: (before?.bytes ?? 0) + items.reduce((sum, item) => sum + item.length, 0),
  });
}

/** A list of the engine's: its name, and the type of its items where one is declared. */
function ownList(name: string): [string, string | undefined] {
  const [, own = name, type] = /^([^:]*):(.*)$/s.exec(name) ?? [];
  return [`[${own}]`, type];
}

/** What is not a user's state is the engine's: timers, windows. */
function nameOf(table: string): string {
  return table.startsWith(STATE_TABLE_PREFIX) ? table.slice(STATE_TABLE_PREFIX.length) : `[${table}]`;
}
