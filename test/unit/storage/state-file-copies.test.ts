import t from 'tap';
import type { CheckpointManifest, KeyedStateFile } from '../../../core/internal.js';
import { StateFileCopies } from '../../../storage/checkpoint/state-file-copies.js';
import { manifestOf } from './led-job.js';

t.test(
  'a file that counts for some key groups here and for others there is placed once, and counts so still',
  async (t) => {
    const file = (start: number, end: number): KeyedStateFile => ({
      key: 'data/base',
      sizeBytes: 9,
      entryCount: 2,
      crc32c: 1,
      keyGroups: { start, end },
    });
    const { keyGroups: _, ...whole } = file(0, 0);
    const files = [file(0, 42), file(43, 63), whole];
    const keyed = { format: 1, keyGroupStart: 0, keyGroupEnd: 63, files, tables: {} };
    const subtasks = [{ operators: { op: { keyed, lists: {} } } }];
    const vertex = { vertexUid: 'op', parallelism: 1, maxParallelism: 128, subtasks, enumerator: undefined };
    const manifest: CheckpointManifest = { ...manifestOf(1, 1, []), vertices: [vertex] };
    const placed: string[] = [];
    // As who claims files does: the file as it is named, by another name.
    const copies = new StateFileCopies(async (handle) => {
      placed.push(handle.key);
      return { ...handle, key: `there/${handle.key}` };
    });
    const [copied] = await copies.vertices(manifest);
    const subtask = copied?.subtasks[0];
    const found = subtask === 'finished' ? [] : subtask?.operators.op?.keyed?.files;
    t.same(
      found,
      files.map((each) => ({ ...each, key: 'there/data/base' })),
    );
    t.same(placed, ['data/base']);
  },
);
