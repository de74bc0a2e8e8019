import t from 'tap';
import { JobRegistry } from '../../../actors/cluster/job-registry.js';
import {
  createRestartStrategy,
  describeConfiguration,
  JobMaster,
  Prng,
  resolveOptions,
} from '../../../core/internal.js';
import { modelGraph } from '../../model-graph.js';
import { wireError } from '../core/coordinator-driver.js';

const GRAPH = modelGraph({ name: 'source', parallelism: 1 });
const STRATEGY = createRestartStrategy({ type: 'fixed-delay', attempts: 3, delayMs: 1000 }, new Prng(1));
const FAILURES = { size: 16, enrichers: [] };
const LIMITS = { capacity: 2, expirationMs: 1000 };

function configuration() {
  const options = resolveOptions([
    { origin: 'flag', values: { 'parallelism.default': 4 } },
    { origin: 'file', values: { 'execution.checkpointing.interval': '5 s' } },
  ]);
  return describeConfiguration(options, STRATEGY, { input: 'a.csv', apiToken: 'hush' });
}

class Jobs {
  nowMs = 0;
  readonly registry = new JobRegistry({
    monotonicMs: () => this.nowMs,
    wallMs: () => 1_000_000 + this.nowMs,
  });

  accept(jobId: string): void {
    this.registry.accept(
      { jobId, graph: GRAPH, acceptedMs: 1_000_000 + this.nowMs },
      { configuration: configuration(), limits: LIMITS },
      FAILURES,
    );
  }

  get seen(): string[] {
    return this.registry.jobs().map(({ jobId, status }) => `${jobId} ${status}`);
  }
}

t.test('a job is seen from its acceptance on; a refused one is a failed job with its cause', async (t) => {
  const jobs = new Jobs();
  jobs.accept('a');
  jobs.accept('b');
  jobs.accept('c');
  t.same(jobs.seen, ['a INITIALIZING', 'b INITIALIZING', 'c INITIALIZING']);
  jobs.registry.failed('a', wireError('MR8002', 'somebody else leads it'));
  jobs.registry.withdraw('b');
  t.same(jobs.seen, ['c INITIALIZING', 'a FAILED']);
  t.match(jobs.registry.failures('a'), [{ attempt: 0, failedMs: 1_000_000, rootCause: { code: 'MR8002' } }]);
  t.equal(jobs.registry.job('b'), undefined);
  t.throws(() => jobs.registry.failed('b', wireError('MR8002')), { code: 'MR9001' });
});

t.test('a job with a master is seen through it, also after its end, until it expires', async (t) => {
  const jobs = new Jobs();
  jobs.accept('a');
  const job = { jobId: 'a', graph: GRAPH, acceptedMs: 1_000_000, epoch: 0, restored: undefined };
  const master = new JobMaster({ ...job, firstCheckpointId: undefined }, undefined, STRATEGY);
  jobs.registry.started('a', master.view);
  master.handle({ type: 'started' }, { monotonicMs: 5, wallMs: 1_000_005 }, []);
  t.match(jobs.registry.job('a'), { status: 'RUNNING', attempt: 1, timestamps: { RUNNING: 1_000_005 } });
  t.equal(jobs.registry.checkpoints('a'), undefined, 'it takes none');
  t.same(jobs.registry.accumulators('a'), {});
  jobs.registry.ended('a');
  jobs.nowMs = 999;
  t.ok(jobs.registry.knows('a'));
  jobs.nowMs = 1000;
  t.notOk(jobs.registry.knows('a'));
  t.same(jobs.seen, []);
});

t.test('a job that begins anew under its id is one job', async (t) => {
  const jobs = new Jobs();
  jobs.accept('a');
  jobs.registry.failed('a', wireError('MR3001'));
  jobs.accept('a');
  t.same(jobs.seen, ['a INITIALIZING']);
  jobs.registry.failed('a', wireError('MR3002'));
  t.same(jobs.seen, ['a FAILED']);
  t.match(jobs.registry.failures('a'), [{ rootCause: { code: 'MR3002' } }]);
});

t.test('the configuration is told with its origins, without secrets', async (t) => {
  const jobs = new Jobs();
  jobs.accept('a');
  t.match(jobs.registry.jobConfiguration('a'), {
    parallelism: 4,
    restartStrategy: 'fixed-delay, 3 restarts, 1 s apart',
    params: { input: 'a.csv', apiToken: '******' },
    options: {
      'parallelism.default': { value: 4, origin: 'flag' },
      'execution.checkpointing.interval': { value: 5000, origin: 'file' },
      'heartbeat.timeout': { value: 50_000, origin: 'default' },
    },
  });
  t.equal(jobs.registry.jobConfiguration('z'), undefined);
});
