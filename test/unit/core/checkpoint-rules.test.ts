import t from 'tap';
import {
  checkpointConfigFromOptions,
  DEFAULT_CHECKPOINT_CONFIG,
} from '../../../core/checkpoint/checkpoint-config.js';
import { CheckpointFailureCounter } from '../../../core/checkpoint/checkpoint-failure-counter.js';
import {
  type CheckpointRequest,
  CheckpointRequestDecider,
} from '../../../core/checkpoint/checkpoint-request-decider.js';
import { OrphanedFiles } from '../../../core/checkpoint/orphaned-files.js';
import { resolveOptions } from '../../../core/job/resolve-options.js';
import { modelSnapshot } from '../../model-graph.js';

const IDLE = {
  triggering: false,
  pendingCount: 0,
  cleaningCount: 0,
  lastCompletionMs: Number.NEGATIVE_INFINITY,
  nowMs: 0,
};
const PERIODIC: CheckpointRequest = { kind: 'periodic' };

function deciderOf(config: Partial<typeof DEFAULT_CHECKPOINT_CONFIG> = {}): CheckpointRequestDecider {
  return new CheckpointRequestDecider({ ...DEFAULT_CHECKPOINT_CONFIG, ...config });
}

t.test(
  'a request waits while a checkpoint is being triggered, is pending, or old ones pile up',
  async (t) => {
    const decider = deciderOf();
    decider.add(PERIODIC);
    t.same(decider.decide({ ...IDLE, triggering: true }), { type: 'none' });
    t.same(decider.decide({ ...IDLE, pendingCount: 1 }), { type: 'none' });
    t.same(decider.decide({ ...IDLE, cleaningCount: 2 }), { type: 'none' });
    t.same(decider.decide({ ...IDLE, cleaningCount: 1 }), { type: 'run', request: PERIODIC });
    t.same(decider.decide(IDLE), { type: 'none' }, 'it is gone');
  },
);

t.test('the minimum pause drops a periodic request and says when the next is due', async (t) => {
  const decider = deciderOf({ minPauseMs: 100 });
  decider.add(PERIODIC);
  t.same(decider.decide({ ...IDLE, lastCompletionMs: 50, nowMs: 70 }), { type: 'dropped', retryInMs: 80 });
  t.same(decider.queued, []);
  decider.add(PERIODIC);
  t.same(decider.decide({ ...IDLE, lastCompletionMs: 50, nowMs: 150 }), { type: 'run', request: PERIODIC });
});

t.test('the minimum pause holds back nobody who asks, nor the final checkpoint', async (t) => {
  const decider = deciderOf({ minPauseMs: 100 });
  decider.add(PERIODIC);
  decider.add({ kind: 'user', requestId: 1, savepoint: undefined });
  decider.add({ kind: 'user', requestId: 2, savepoint: undefined });
  decider.add({ kind: 'final' });
  const now = { ...IDLE, lastCompletionMs: 0, nowMs: 1 };
  const order = [decider.decide(now), decider.decide(now), decider.decide(now), decider.decide(now)];
  t.same(order, [
    { type: 'run', request: { kind: 'final' } },
    { type: 'run', request: { kind: 'user', requestId: 1, savepoint: undefined } },
    { type: 'run', request: { kind: 'user', requestId: 2, savepoint: undefined } },
    { type: 'dropped', retryInMs: 99 },
  ]);
});

t.test('periodic requests do not pile up behind a slow checkpoint', async (t) => {
  const decider = deciderOf();
  for (let i = 0; i < 5; i++) t.ok(decider.add(PERIODIC));
  t.equal(decider.queued.length, 1);
});

t.test('a full queue gives up the periodic request first, then refuses', async (t) => {
  const decider = deciderOf();
  decider.add(PERIODIC);
  for (let requestId = 0; requestId < 1000; requestId++)
    t.ok(decider.add({ kind: 'user', requestId, savepoint: undefined }));
  t.equal(decider.queued.length, 1000);
  t.notOk(decider.add({ kind: 'user', requestId: 1000, savepoint: undefined }));
  t.notOk(decider.add(PERIODIC));
  t.equal(decider.clear().length, 1000);
  t.same(decider.queued, []);
});

t.test('failures are tolerated up to the number, and the next one is too many', async (t) => {
  const counter = new CheckpointFailureCounter(2);
  t.notOk(counter.onFailure(1, 'CHECKPOINT_DECLINED'));
  t.notOk(counter.onFailure(2, 'CHECKPOINT_EXPIRED'));
  t.ok(counter.onFailure(3, 'FINALIZE_CHECKPOINT_FAILURE'));
  t.equal(counter.count, 0, 'and counting begins anew');
});

t.test('a checkpoint counts once; without an id each failure counts', async (t) => {
  const counter = new CheckpointFailureCounter(1);
  t.notOk(counter.onFailure(4, 'CHECKPOINT_DECLINED'));
  t.notOk(counter.onFailure(4, 'CHECKPOINT_DECLINED'));
  t.ok(counter.onFailure(undefined, 'CHECKPOINT_EXPIRED'));
  t.notOk(counter.onFailure(undefined, 'CHECKPOINT_EXPIRED'));
  t.ok(counter.onFailure(undefined, 'CHECKPOINT_EXPIRED'));
});

t.test('a newer success forgives, and failures older than it are not looked at', async (t) => {
  const counter = new CheckpointFailureCounter(1);
  counter.onFailure(3, 'CHECKPOINT_DECLINED');
  counter.onSuccess(4);
  t.equal(counter.count, 0);
  t.notOk(counter.onFailure(2, 'CHECKPOINT_DECLINED'));
  t.equal(counter.count, 0);
  counter.onFailure(5, 'CHECKPOINT_DECLINED');
  counter.onSuccess(3);
  t.equal(counter.count, 1, 'an older success forgives nothing');
});

t.test('what says nothing about the next checkpoint is not counted', async (t) => {
  const counter = new CheckpointFailureCounter(0);
  const ignored = ['CHECKPOINT_SUBSUMED', 'JOB_FAILURE', 'NOT_ALL_REQUIRED_TASKS_RUNNING'] as const;
  for (const reason of ignored) t.notOk(counter.onFailure(1, reason), reason);
  const never = new CheckpointFailureCounter(Number.POSITIVE_INFINITY);
  for (let id = 1; id < 100; id++) t.notOk(never.onFailure(id, 'CHECKPOINT_DECLINED'));
});

t.test(
  'files of aborted checkpoints are handed out once a later one is complete, but not what it names',
  async (t) => {
    const orphans = new OrphanedFiles();
    orphans.add(3, modelSnapshot('a', 'a3', 'a2'));
    orphans.add(3, modelSnapshot('a', 'a3'));
    orphans.add(5, modelSnapshot('a', 'a5'));
    t.equal(orphans.count, 3);
    t.same(
      orphans.takeBelow(3, () => false),
      [],
    );
    const taken = orphans.takeBelow(4, (key) => key === 'a2');
    t.match(taken, [{ checkpointId: 3, files: [{ key: 'a3' }] }]);
    t.equal(taken[0]?.files.length, 1);
    t.equal(orphans.count, 1);
    t.match(
      orphans.takeBelow(Number.POSITIVE_INFINITY, () => false),
      [{ checkpointId: 5 }],
    );
    t.equal(orphans.count, 0);
  },
);

t.test(
  'the configuration decides whether there are checkpoints, and a minimum pause allows one at a time',
  async (t) => {
    const of = (values: Record<string, string>) =>
      checkpointConfigFromOptions(resolveOptions([{ origin: 'flag', values }]).values);
    t.equal(of({}), undefined);
    t.same(of({ 'execution.checkpointing.interval': '10 s' }), DEFAULT_CHECKPOINT_CONFIG);
    t.match(
      of({
        'execution.checkpointing.interval': '1 s',
        'execution.checkpointing.min-pause': '1 ms',
        'execution.checkpointing.max-concurrent-checkpoints': '3',
        'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
      }),
      { maxConcurrentCheckpoints: 1, minPauseMs: 1, retainOnCancellation: true },
    );
  },
);
