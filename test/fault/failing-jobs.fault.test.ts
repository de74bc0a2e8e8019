import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { jobPath, MillraceProcess } from './millrace-process.js';

/** What a person sees of a job that fails: the exit code, and where in their own code to look. */
function inFolder(t: { teardown(work: () => void): void }): (...args: string[]) => MillraceProcess {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-failing-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return (...args) => new MillraceProcess(folder, args);
}

const JOB = jobPath('misbehaving');

t.test('[scenario 18] a function that throws fails the job with its name, uid and line', async (t) => {
  const run = inFolder(t);
  const { code, stderr } = await run('-D', 'restart-strategy.type=none', JOB, '--how', 'always').ended;
  t.equal(code, 1);
  t.match(stderr, /MR5001 User code threw RangeError: fifty is too many \[.*operator counter, uid counter/);
  t.match(stderr, /misbehaving\.[jt]s:\d+:\d+\]/);
});

t.test('a job that recovers says from what', async (t) => {
  const run = inFolder(t);
  const { code, stderr } = await run(JOB, '--how', 'once', '--flag', 'thrown').ended;
  t.equal(code, 0);
  t.match(stderr, /^warning: Attempt 1 failed; the job restarts\. MR9002 once is enough .*uid counter/m);
  t.match(stderr, /1 restart\./);
});

t.test('a job that throws while it is built says on which line', async (t) => {
  const { code, stderr } = await inFolder(t)(JOB, '--how', 'build').ended;
  t.equal(code, 1);
  t.match(stderr, /^MR1009 .*RangeError: no graph today.*misbehaving\.[jt]s:\d+:\d+\]/);
});

t.test('a job that a task cannot build, or builds as another, fails at once', async (t) => {
  for (const [how, why] of [
    ['build-once', /MR1009 .*RangeError: no second graph.*misbehaving\.[jt]s:\d+:\d+\]/],
    ['build-another', /MR1006 The graph of this thread differs .*Building it twice gave two graphs/],
  ] as const) {
    const { code, stderr } = await inFolder(t)(JOB, '--how', how, '--flag', 'built').ended;
    t.equal(code, 1, how);
    t.match(stderr, why);
    t.notMatch(stderr, /the job restarts/);
  }
});

t.test('[scenario 18] what rejects with nobody waiting says on which line', async (t) => {
  const run = inFolder(t);
  const { code, stderr } = await run('-D', 'restart-strategy.type=none', JOB, '--how', 'floating').ended;
  t.equal(code, 1);
  t.match(stderr, /MR5003 A task thread ended: nobody waits.*misbehaving\.[jt]s:\d+:\d+\]/);
});

t.test('what is no job file says so, and where it cannot be parsed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-failing-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'unparsable.mjs'), 'const one = 1;\nconst two = (;\n');
  const unparsable = await new MillraceProcess(folder, ['unparsable.mjs']).ended;
  t.equal(unparsable.code, 1);
  t.match(unparsable.stderr, /^MR1009 .*unparsable\.mjs:2\]/);
  const aFolder = await new MillraceProcess(folder, ['.']).ended;
  t.equal(aFolder.code, 2);
  t.match(aFolder.stderr, /^MR7001 \. is a folder/);
});

t.test('a checkpoint folder for which there is no store is refused', async (t) => {
  for (const [dir, why] of [
    ['hdfs://name/x', /^MR4002 There is no store for hdfs:/],
    ['s3://b/../x', /^MR4002 Checkpoints cannot be kept at 's3:\/\/b\/..\/x'/],
    ['s3://key:secret@b/x', /^MR4002 (?!.*secret)/],
  ] as const) {
    const { code, stderr } = await inFolder(t)('-D', `execution.checkpointing.dir=${dir}`, JOB, '--how', '-')
      .ended;
    t.equal(code, 3);
    t.match(stderr, why);
  }
});

t.test('a reader of standard output that goes ends the job, with no restart', async (t) => {
  const run = inFolder(t)(JOB, '--how', 'print', '--count', '3000000');
  await run.closeOutputAfterFirstPiece();
  const { code, stderr } = await run.ended;
  t.equal(code, 1);
  t.match(stderr, /MR6007 Standard output is closed/);
  t.notMatch(stderr, /restarts/);
});

t.test('a job that imports another copy of the library is told which', async (t) => {
  const { code, stderr } = await inFolder(t)(jobPath('other-copy')).ended;
  t.equal(code, 3);
  t.match(
    stderr,
    /^MR1003 other-copy\.js imports the copy of millrace in \S+dist\/; .* in \S+dist\/bundle\/\./,
  );
});
