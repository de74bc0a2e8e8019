import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { submissionOfFile } from '../../../actors/boot/jobs-folder.js';
import type { FileSubmission } from '../../../actors/cluster/session-gateway.js';
import { isMillraceError } from '../../../core/internal.js';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-jobs-')));
t.teardown(() => rmSync(home, { recursive: true, force: true }));
for (const folder of ['jobs/nightly', 'savepoints/one', 'elsewhere', 'jobs-too'])
  mkdirSync(join(home, folder), { recursive: true });
for (const file of ['jobs/delays.js', 'jobs/nightly/sums.js', 'elsewhere/secret.js', 'jobs-too/near.js'])
  writeFileSync(join(home, file), 'export default 1;');
symlinkSync(join(home, 'elsewhere/secret.js'), join(home, 'jobs/link.js'));
symlinkSync(join(home, 'elsewhere'), join(home, 'jobs/out'));
symlinkSync(join(home, 'elsewhere'), join(home, 'savepoints/out'));

function submit(
  name: string,
  submission: FileSubmission = {},
  folder: string | undefined = join(home, 'jobs'),
) {
  const values = {
    ...(folder === '' ? {} : { 'web.submit.jobs-dir': folder }),
    'execution.checkpointing.savepoint-dir': join(home, 'savepoints'),
    'execution.checkpointing.dir': join(home, 'checkpoints'),
  };
  return submissionOfFile(name, { input: 'in' }, submission, [{ origin: 'flag', values }]);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
  return 'none';
}

t.test('a file of the folder is found by its name there', async (t) => {
  for (const name of ['delays.js', 'nightly/sums.js', './delays.js'])
    t.equal((await submit(name)).url, pathToFileURL(join(home, 'jobs', name)).href);
  const submission = await submit('delays.js', { jobName: 'x', configuration: { 'parallelism.default': 3 } });
  t.equal(submission.jobId, 'x');
  t.same(submission.layers.at(-1), { origin: 'flag', values: { 'parallelism.default': 3 } });
});

t.test('nothing else is, and all misses look alike', async (t) => {
  const outside = [
    '../elsewhere/secret.js',
    'link.js',
    'out/secret.js',
    '../jobs-too/near.js',
    '..',
    '.',
    '',
  ];
  const absolute = [
    join(home, 'jobs/delays.js'),
    '/etc/passwd',
    'file:///etc/passwd',
    'data:text/javascript,1',
  ];
  const odd = ['delays.js\0', 'nightly', 'missing.js', 'nightly\\..\\delays.js', 'nightly/../delays.js'];
  for (const name of [...outside, ...absolute, ...odd]) t.equal(await codeOf(submit(name)), 'MR7002', name);
  t.equal(await codeOf(submit('delays.js', {}, '')), 'MR7005', 'without a folder nothing may be submitted');
});

t.test('what a submission says reaches no other place', async (t) => {
  const from = (fromSavepoint: string) => submit('delays.js', { fromSavepoint });
  t.equal((await from('one')).fromSavepoint, join(home, 'savepoints/one'));
  t.equal((await from(join(home, 'savepoints/one'))).fromSavepoint, join(home, 'savepoints/one'));
  for (const path of ['../elsewhere', 'out', join(home, 'elsewhere'), '/', 's3://other/x', 'missing'])
    t.equal(await codeOf(from(path)), 'MR7005', path);
  for (const key of ['execution.checkpointing.dir', 'high-availability.storageDir', 's3.endpoint'])
    t.equal(await codeOf(submit('delays.js', { configuration: { [key]: 'x' } })), 'MR7005', key);
});
