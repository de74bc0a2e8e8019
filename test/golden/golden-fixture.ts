import { join } from 'node:path';
import {
  ByteWriter,
  type CheckpointManifest,
  type KeyedStateHandle,
  type KeyedStateRequest,
  type KeyedStateStore,
  type OperatorStateHandle,
  StateRow,
} from '../../core/internal.js';
import { writeSavepoint } from '../../storage/checkpoint/savepoint-folder.js';
import { copying, StateFileCopies } from '../../storage/checkpoint/state-file-copies.js';
import { HeapStateBackend, ObjectStateFileReader, openJob } from '../../storage/index.js';
import { restoreRows } from '../../storage/state/row-restore.js';
import { type HarnessSnapshot, PipelineHarness } from '../driver/pipeline-harness.js';
import { manifestOf, storeAt } from './golden-folder.js';
import { ACCUMULATED, ENDED, goldenJob, RECORDS } from './golden-job.js';

export const SAVEPOINT = 'savepoint';
export const CHECKPOINTS = 'checkpoints';

/** Few key groups make small files. */
const MAX_PARALLELISM = 12;

/**
 * Writes what is kept of a format: a savepoint, and a job's folder with two checkpoints, of which the newest is a base
 * and an increment with deletions. Both hold the same state: that after {@link RECORDS} records.
 */
export async function writeGolden(folder: string): Promise<void> {
  const harness = await PipelineHarness.create(goldenJob({ types: 'stored', answers: false }), {
    parallelism: 2,
    maxParallelism: MAX_PARALLELISM,
  });
  try {
    for (let n = 0; n < 3; n++) await harness.push('rules', { n });
    for (let n = 0; n < RECORDS / 2; n++) await harness.push('in', { n }, n * 100);
    const half = await harness.snapshot();
    for (let n = RECORDS / 2; n < RECORDS; n++) await harness.push('in', { n }, n * 100);
    const whole = await harness.snapshot();
    const { manifest, store } = await manifestOf(whole);
    const savepoint = { ...withEnded(manifest), kind: 'savepoint' as const };
    await writeSavepoint(storeAt(join(folder, SAVEPOINT)), savepoint, new ObjectStateFileReader(store));
    await writeCheckpoints(half, whole, join(folder, CHECKPOINTS));
  } finally {
    await harness.close();
  }
}

/** A harness keeps its tasks until the last one has ended; here those of one source have ended before. */
function withEnded(manifest: CheckpointManifest): CheckpointManifest {
  const vertices = manifest.vertices.map((vertex) =>
    vertex.vertexUid.endsWith(ENDED)
      ? {
          ...vertex,
          subtasks: vertex.subtasks.map(() => 'finished' as const),
          enumerator: undefined,
          ended: { [vertex.vertexUid]: ACCUMULATED },
        }
      : vertex,
  );
  return { ...manifest, vertices };
}

async function writeCheckpoints(
  half: HarnessSnapshot,
  whole: HarnessSnapshot,
  folder: string,
): Promise<void> {
  const before = await manifestOf(half);
  const after = await manifestOf(whole);
  const holder = { host: 'golden', bootId: 'golden', pid: 1, processStartTime: 'golden' };
  const job = await openJob({
    store: storeAt(folder),
    jobName: 'pipeline',
    mode: 'fresh',
    holder,
    holderState: () => 'dead',
    nowMs: 0,
    onUnreadable: () => {},
    onWarning: () => {},
  });
  if (job.start === 'already-finished') throw new Error('the folder is new');
  const { storage, epoch } = job;
  const copies = new StateFileCopies(
    copying(new ObjectStateFileReader(before.store), storage.writerFor(1, 0, 'base')),
  );
  const base: CheckpointManifest = {
    ...before.manifest,
    checkpointId: 1,
    epoch,
    kind: 'checkpoint',
    vertices: await copies.vertices(before.manifest),
  };
  await storage.complete(base);
  const newest = { ...withEnded(after.manifest), checkpointId: 2, epoch, kind: 'checkpoint' as const };
  const vertices = await Promise.all(
    newest.vertices.map(async (vertex, v) => ({
      ...vertex,
      subtasks: await Promise.all(
        vertex.subtasks.map(async (subtask, s) => {
          const former = base.vertices[v]?.subtasks[s];
          if (subtask === 'finished' || former === undefined || former === 'finished') return subtask;
          const operators: Record<string, OperatorStateHandle> = {};
          for (const [uid, state] of Object.entries(subtask.operators)) {
            const from = former.operators[uid]?.keyed;
            const keyed =
              from === undefined || state.keyed === undefined
                ? state.keyed
                : await incremented(from, state.keyed, {
                    reader: { read: (file) => storage.read(file) },
                    target: new ObjectStateFileReader(after.store),
                    writer: storage.writerFor(2, 0, `${v}-${s}`),
                  });
            operators[uid] = { ...state, keyed };
          }
          return { operators };
        }),
      ),
    })),
  );
  await storage.complete({ ...newest, vertices });
}

interface Media {
  readonly reader: KeyedStateRequest['reader'];
  readonly target: KeyedStateRequest['reader'];
  readonly writer: Parameters<ReturnType<KeyedStateStore['snapshot']>['write']>[0];
}

/** State as `to` has it, as an increment on `from`. */
async function incremented(
  from: KeyedStateHandle,
  to: KeyedStateHandle,
  { reader, target, writer }: Media,
): Promise<KeyedStateHandle> {
  const keyGroups = { start: from.keyGroupStart, end: from.keyGroupEnd };
  const request = { operatorUid: 'golden', subtaskIndex: 0, attempt: 0, keyGroups, managedBytes: 0 };
  const store = await new HeapStateBackend().open({ ...request, restore: from, reader });
  await store.restore();
  const value = new ByteWriter();
  const row = new StateRow();
  const seen = new Set<string>();
  const tables = new Map<string, ReturnType<KeyedStateStore['table']>>();
  await restoreRows({ ...request, restore: to, reader: target }, ({ name, ordered, fixedValueBytes }) => {
    const table = store.table(name, { typeId: to.tables[name] ?? '', ordered, fixedValueBytes });
    tables.set(name, table);
    return ({ keyGroup, bytes, keyStart, keyLength, prefixLength, valueStart, valueLength }) => {
      row.setTo(keyGroup, bytes.subarray(keyStart, keyStart + keyLength));
      row.prefixLength = prefixLength;
      value.clear();
      value.reserve(valueLength);
      value.bytes.set(bytes.subarray(valueStart, valueStart + valueLength));
      value.position = valueLength;
      table.put(row, value, 0);
      seen.add(`${name} ${keyGroup} ${Buffer.from(row.bytes.subarray(0, row.length)).toString('hex')}`);
    };
  });
  for (const [name, table] of tables) {
    for (let keyGroup = keyGroups.start; keyGroup <= keyGroups.end; keyGroup++) {
      const gone: Uint8Array[] = [];
      table.scanKeyGroup(keyGroup, (key) => {
        if (!seen.has(`${name} ${keyGroup} ${Buffer.from(key).toString('hex')}`)) gone.push(key.slice());
        return true;
      });
      for (const key of gone) {
        row.setTo(keyGroup, key);
        table.delete(row);
      }
    }
  }
  return store.snapshot(2).write(writer);
}
