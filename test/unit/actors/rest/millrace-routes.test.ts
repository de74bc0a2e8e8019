import t from 'tap';
import { MillraceError } from '../../../../core/internal.js';
import { ask, openRestWorld, post } from './rest-world.js';
import { JOB_ID, SAMPLE_JOB } from './sample-cluster.js';

t.test(
  'beside Flink: why nothing comes out, options with their origins as people write them, and what was restarted',
  async (t) => {
    const { server } = await openRestWorld();
    t.teardown(() => server.close());
    const explained = await ask(server, `/jobs/${JOB_ID}/millrace/explain`);
    t.equal(explained.status, 200);
    t.match(JSON.parse(explained.text), { operators: [], silent: [] });
    const { options } = JSON.parse((await ask(server, `/v1/jobs/${JOB_ID}/millrace/configuration`)).text);
    t.strictSame(options, [{ key: 'execution.checkpointing.interval', value: '10 s', origin: 'flag' }]);
    const { restarts } = JSON.parse((await ask(server, `/jobs/${JOB_ID}/millrace/restarts`)).text);
    t.match(restarts, [{ attempt: 1, restartedTasks: ['counts (1/2)', 'counts (2/2)'] }]);
    for (const what of ['explain', 'configuration', 'restarts']) {
      t.equal((await ask(server, `/jobs/${'f'.repeat(32)}/millrace/${what}`)).status, 404);
    }
  },
);

t.test('the older way to rescale does what it says', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const path = `/jobs/${JOB_ID}/rescaling`;
  const { status, text } = await ask(server, `${path}?parallelism=4`, { method: 'PATCH' });
  t.equal(status, 202);
  const outcome = await ask(server, `${path}/${JSON.parse(text)['request-id']}`);
  t.match(JSON.parse(outcome.text), { status: { id: 'COMPLETED' }, operation: {} });
  t.same(done, ['rescale 4']);
  for (const query of ['', '?parallelism=0', '?parallelism=-1', '?parallelism=x'])
    t.equal((await ask(server, path + query, { method: 'PATCH' })).status, 400, query);
  t.equal((await ask(server, `${path}/${'0'.repeat(32)}`)).status, 404);
});

t.test('a TaskManager is started by a POST and stopped by a DELETE, by nobody else', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const path = '/millrace/taskmanagers';
  const form = { 'content-type': 'text/plain' };
  t.equal((await ask(server, path, { method: 'POST', headers: form, body: '{}' })).status, 415);
  t.equal((await ask(server, path)).status, 405);
  const cross = { 'sec-fetch-site': 'cross-site' };
  t.equal((await ask(server, `${path}/x`, { method: 'DELETE', headers: cross })).status, 403);
  t.equal((await post(server, path, [])).status, 400);
  t.same(done, []);
  t.same(JSON.parse((await post(server, path, {})).text), { id: 'taskmanager-2' });
  t.equal((await ask(server, `/v1${path}/taskmanager-1`, { method: 'DELETE' })).status, 200);
  t.same(done, ['start TaskManager', 'terminate taskmanager-1']);
});

t.test('one TaskManager too many is a request that is refused', async (t) => {
  const startTaskManager = () =>
    Promise.reject(new MillraceError('MR4002', 'The cluster has 128 TaskManagers.'));
  const { server } = await openRestWorld({ cluster: { startTaskManager } });
  t.teardown(() => server.close());
  const { status, text } = await post(server, '/millrace/taskmanagers', {});
  t.equal(status, 400);
  t.match(JSON.parse(text), { errors: [/MR4002 The cluster has 128 TaskManagers/] });
});

t.test('a rescale that is waited for tells what it did, and names vertices as people do', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const path = `/jobs/${JOB_ID}/millrace/rescale`;
  const [source, counts] = SAMPLE_JOB.graph.vertices;
  const called = counts?.operators.at(-1)?.uid ?? '';
  const wish = { vertices: { [called]: { lowerBound: 1, upperBound: 4 } } };
  const { status, text } = await post(server, path, wish);
  t.equal(status, 202);
  const outcome = await ask(server, `${path}/${JSON.parse(text)['request-id']}`);
  t.match(JSON.parse(outcome.text), {
    status: { id: 'COMPLETED' },
    operation: { rescale: { pauseMs: 70, vertices: [{ name: source?.name }, { former: 2, present: 4 }] } },
  });
  await post(server, path, { parallelism: 3 });
  t.same(done, ['rescale [{"vertexId":1,"lowerBound":1,"upperBound":4}]', 'rescale 3']);
  const unknown = await post(server, path, { vertices: { nobody: { lowerBound: 1, upperBound: 1 } } });
  t.equal(unknown.status, 404);
  t.match(unknown.text, new RegExp(`0 vertices are called 'nobody'.*'${source?.uid}'`));
  for (const body of [{}, { parallelism: 0 }, { parallelism: '2' }, { vertices: [] }])
    t.equal((await post(server, path, body)).status, 400, JSON.stringify(body));
});
