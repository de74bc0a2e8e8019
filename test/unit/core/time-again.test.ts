import t from 'tap';
import type { CheckpointManifest, SubtaskSnapshot } from '../../../core/checkpoint/snapshot-handle.js';
import { withTimeAgain } from '../../../core/checkpoint/time-again.js';

const time = { mode: 'watermark', items: [Uint8Array.of(1)] } as const;
const splits = { mode: 'split', items: [Uint8Array.of(2)] } as const;

function manifest(kind: CheckpointManifest['kind'], subtask: SubtaskSnapshot): CheckpointManifest {
  return {
    checkpointId: 1,
    epoch: 1,
    attempt: 1,
    fingerprint: '',
    jobName: 'model',
    triggeredMs: 0,
    completedMs: 0,
    kind,
    vertices: [
      {
        vertexUid: 'source',
        parallelism: 2,
        maxParallelism: 8,
        subtasks: ['finished', subtask],
        enumerator: undefined,
      },
    ],
  };
}

t.test('who begins from a drained savepoint reads on, in a time of its own', async (t) => {
  const operators = { source: { keyed: undefined, lists: { time, splits } } };
  const drained = withTimeAgain(manifest('drained', { operators, dataFinished: true }));
  t.strictSame(drained.vertices[0]?.subtasks, [
    'finished',
    { operators: { source: { keyed: undefined, lists: { splits } } } },
  ]);
  const other = manifest('savepoint', { operators, dataFinished: true });
  t.equal(withTimeAgain(other), other, 'others stay as they are');
});
