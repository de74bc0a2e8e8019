import t from 'tap';
import { createDefineJob, homeOf, isJobDefinition, jobNameOf } from '../../../core/api/define-job.js';
import { JobParameters } from '../../../core/api/job-parameters.js';
import type { JobExecutionResult } from '../../../core/job/job-execution-result.js';
import type { JobExecutor } from '../../../core/ports/job-executor.js';
import { refused } from '../../refused.js';

t.test('parameters come from the words of a command line or from an object', async (t) => {
  const words = ['--input', 'a b.txt', '--n=3', '--flag', '--shift', '-5', '--empty=', '--eq=a=b'];
  const fromWords = new JobParameters(words);
  const fromObject = new JobParameters({
    input: 'a b.txt',
    n: 3,
    flag: true,
    shift: -5,
    empty: '',
    eq: 'a=b',
    absent: undefined,
  });
  t.strictSame(fromWords.all(), fromObject.all());
  for (const params of [fromWords, fromObject, new JobParameters(fromWords.all())]) {
    t.equal(params.require('input'), 'a b.txt');
    t.equal(params.getInt('n'), 3);
    t.equal(params.getInt('shift', 0), -5);
    t.equal(params.getBoolean('flag'), true);
    t.equal(params.getBoolean('other', false), false);
    t.equal(params.get('empty', 'x'), '');
    t.equal(params.get('absent'), undefined);
    t.equal(params.get('absent', 'x'), 'x');
    t.equal(params.has('absent'), false);
    t.equal(params.getNumber('ratio', 0.5), 0.5);
    t.equal(params.getDuration('bound', '29 h'), 104_400_000);
  }
});

t.test('a flag before another option, and the last one, are true', async (t) => {
  t.strictSame(new JobParameters(['--a', '--b', 'x', '--c']).all(), { a: 'true', b: 'x', c: 'true' });
});

t.test('what is missing or has the wrong form is told with its name', async (t) => {
  const params = new JobParameters({ inptu: 'x', n: '3.5', word: 'many', bound: 'soon', flag: 'yes' });
  const cases: [string, RegExp, () => unknown][] = [
    ['MR1007', /'input'.*'inptu' was given/, () => params.require('input')],
    ['MR1007', /'missing'.*--missing VALUE/, () => params.require('missing')],
    ['MR1007', /'missing'/, () => params.getInt('missing')],
    ['MR1008', /'n' is '3.5'.*whole number/, () => params.getInt('n')],
    ['MR1008', /'word'.*a number/, () => params.getNumber('word')],
    ['MR1008', /'bound' is 'soon'.*duration/, () => params.getDuration('bound')],
    ['MR1008', /'flag' is 'yes'.*true or false/, () => params.getBoolean('flag')],
    ['MR1008', /'word' is no option/, () => new JobParameters(['--a', 'x', 'word'])],
    ['MR1008', /'-x' is no option/, () => new JobParameters(['-x', 'y'])],
    ['MR1008', /'list' is neither/, () => new JobParameters({ list: [] as never })],
  ];
  for (const [code, message, work] of cases) {
    const error = refused(work);
    t.equal(error.code, code, error.message);
    t.match(error.message, message);
  }
});

t.test('parameters that nobody asked for are known', async (t) => {
  const params = new JobParameters({ used: 1, unused: 2, tested: 3 });
  params.getInt('used');
  params.has('tested');
  t.strictSame(params.unused(), ['unused']);
});

t.test('a job is defined once and executed by whoever can', async (t) => {
  const calls: unknown[] = [];
  const result = { jobName: 'x' } as JobExecutionResult;
  const executor: JobExecutor<{ memory: string }> = {
    execute: async (job, params, options) => {
      calls.push([job.url, params, options]);
      return result;
    },
    executeAndCollect: async (_job, params) => [params],
  };
  const defineJob = createDefineJob(executor, 'file:///here/');
  const job = defineJob('file:///jobs/delays.ts', () => {});
  t.ok(isJobDefinition(job));
  t.equal(homeOf(job), 'file:///here/');
  t.notOk(isJobDefinition({ url: job.url, build: job.build }));
  t.notOk(isJobDefinition(null));
  t.equal(await job.execute({ n: 1 }, { memory: '1 gb' }), result);
  t.strictSame(await job.executeAndCollect({ n: 2 }), [{ n: 2 }]);
  t.strictSame(calls, [['file:///jobs/delays.ts', { n: 1 }, { memory: '1 gb' }]]);
  t.equal(refused(() => defineJob('delays.ts', () => {})).code, 'MR1001');
  t.equal(refused(() => defineJob('file:///x.ts', undefined as never)).code, 'MR1001');
});

t.test('the name of a job is that of its file', async (t) => {
  t.equal(jobNameOf('file:///a/b/delays.ts'), 'delays');
  t.equal(jobNameOf('file:///a/b/my%20job.mjs?x=1'), 'my job');
  t.equal(jobNameOf('file:///a/b/'), 'job');
});
