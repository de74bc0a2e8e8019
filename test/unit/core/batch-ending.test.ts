import t from 'tap';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { modelGraph } from '../../model-graph.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

/** How a batch comes to its end: its sinks commit together, and after that nothing is begun anew. */

const BATCH: JobGraph = {
  ...modelGraph({ name: 'source', parallelism: 2 }, { name: 'sink', parallelism: 1, inputs: [0] }),
  runtimeMode: 'BATCH',
};

const driverOf = (...delaysMs: number[]) =>
  new JobMasterDriver(BATCH, { checkpointing: 'off', strategy: new ScriptedStrategy(...delaysMs) });

const end = (driver: JobMasterDriver, ...tasks: string[]): string[] =>
  tasks.flatMap((task) => {
    driver.report(task, { type: 'data-finished' });
    return driver.sent;
  });

t.test('a batch commits when all its tasks have ended their data, once', async (t) => {
  const driver = driverOf();
  driver.run();
  t.strictSame(end(driver, 'source.0', 'source.1'), []);
  t.strictSame(end(driver, 'sink.0'), ['source.0 <- commit', 'source.1 <- commit', 'sink.0 <- commit']);
  for (const task of ['source.0', 'source.1', 'sink.0']) {
    driver.report(task, { type: 'finished' });
    t.strictSame(driver.sent, []);
    driver.exit(task);
  }
  driver.gone();
  t.equal(driver.outcome?.status, 'FINISHED');
});

t.test('a failure before that begins the batch anew, and one after it ends the job', async (t) => {
  const driver = driverOf(0, 0);
  driver.run();
  end(driver, 'source.0', 'source.1');
  driver.fail('sink.0');
  t.equal(driver.status, 'RESTARTING');
  driver.gone();
  t.equal(driver.attempt, 2);
  driver.run();
  t.strictSame(end(driver, 'source.0', 'source.1', 'sink.0').length, 3);
  driver.report('source.0', { type: 'finished' });
  driver.fail('sink.0');
  t.equal(driver.status, 'FAILING', 'what was committed would be committed once more');
  driver.gone();
  t.equal(driver.outcome?.status, 'FAILED');
  const error = driver.outcome?.status === 'FAILED' ? driver.outcome.error : undefined;
  t.match(error, { code: 'MR5006', why: /begun to commit/, cause: { code: 'MR5001' } });
});

t.test('a stream without checkpoints is told nothing: each task has its own end', async (t) => {
  const driver = new JobMasterDriver({ ...BATCH, runtimeMode: 'STREAMING' }, { checkpointing: 'off' });
  driver.run();
  t.strictSame(end(driver, 'source.0', 'source.1', 'sink.0'), []);
});
