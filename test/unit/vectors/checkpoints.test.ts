import t from 'tap';
import { type ProcessFunction, type Sink, types } from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

/**
 * Vectors 42 and 43: what commits, as far as a pipeline shows it. Its snapshots are savepoints; the checkpoint that
 * is notified is the one at the end. (41 is of the job master: checkpoint-rules.test.ts.)
 */

interface Seen {
  /** Each call of the committer. */
  readonly commits: string[][];
  readonly notified: number[];
}

function committing(seen: Seen): Sink<string, string> {
  return {
    createWriter: () => {
      const values: string[] = [];
      return {
        write: (value) => void values.push(value),
        flush: () => {},
        prepareCommit: () => values.splice(0),
      };
    },
    createCommitter: () => ({
      commit: async (values) => void seen.commits.push([...values]),
    }),
  };
}

const pipeline =
  (seen: Seen): HarnessBuild =>
  (_env, io) => {
    const passing: ProcessFunction<string, string> = {
      processElement: (value, _ctx, out) => out.collect(value),
      notifyCheckpointComplete: (checkpointId) => void seen.notified.push(checkpointId),
    };
    io.source('in', types.string).process(passing).uid('passing').sinkTo(committing(seen), 'sink');
  };

t.test(
  '42: a savepoint notifies nobody and commits nothing; a restore from it commits what it holds',
  async (t) => {
    const seen: Seen = { commits: [], notified: [] };
    const h = await PipelineHarness.create(pipeline(seen));
    await h.push('in', 'a');
    const snapshot = await h.snapshot();
    t.strictSame(seen, { commits: [], notified: [] });
    await h.push('in', 'b');
    await h.close();
    t.strictSame(seen, { commits: [], notified: [] });
    const again = await PipelineHarness.restore(snapshot, pipeline(seen));
    t.strictSame(seen.commits, [['a']], 'before the first record');
    await again.push('in', 'c');
    await again.endInput('in');
    t.strictSame(seen.commits, [['a'], ['c']]);
    await again.close();
  },
);

t.test('43: with a checkpoint all that earlier ones prepared is committed, in order', async (t) => {
  const seen: Seen = { commits: [], notified: [] };
  const h = await PipelineHarness.create(pipeline(seen));
  for (const value of ['a', 'b', 'c']) {
    await h.push('in', value);
    if (value !== 'c') await h.snapshot();
  }
  t.strictSame(seen.commits, []);
  await h.endInput('in');
  t.strictSame(seen.commits, [['a', 'b', 'c']]);
  t.equal(seen.notified.length, 1);
  await h.close();
});
