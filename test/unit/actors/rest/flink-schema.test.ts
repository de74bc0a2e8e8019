import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { vertexIdOf } from '../../../../actors/rest/vertex-id.js';
import { packageRoot } from '../../../tidy/source-tree.js';
import { difference, type FlinkShape } from './flink-shape.js';
import { ask, openRestWorld, post } from './rest-world.js';
import { JOB_ID } from './sample-cluster.js';

const SCHEMA = JSON.parse(
  readFileSync(join(packageRoot(), 'test', 'golden', 'rest', 'flink-2.2-schema.json'), 'utf8'),
) as Readonly<Record<string, { readonly status: number; readonly body: FlinkShape }>>;

const TRIGGER = 'ffffffffffffffffffffffffffffffff';
const PLACES: Readonly<Record<string, string>> = {
  jobid: JOB_ID,
  vertexid: vertexIdOf('counts'),
  subtaskindex: '1',
  attempt: '1',
  checkpointid: '4',
  triggerid: TRIGGER,
  taskmanagerid: 'taskmanager-1',
};

/** Bodies of what is asked for by more than a path. */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /jobs/:jobid/savepoints': {
    'target-directory': null,
    'cancel-job': false,
    formatType: 'CANONICAL',
    triggerId: TRIGGER,
  },
  'POST /jobs/:jobid/stop': { targetDirectory: null, drain: true, formatType: 'NATIVE', triggerId: null },
  'POST /jobs/:jobid/checkpoints': { checkpointType: 'FULL', triggerId: TRIGGER },
  'POST /savepoint-disposal': { 'savepoint-path': 'savepoint-1' },
  'PUT /jobs/:jobid/resource-requirements': {
    [vertexIdOf('counts')]: { parallelism: { lowerBound: 1, upperBound: 4 } },
  },
  'PATCH /jobs/:jobid/clientHeartbeat': { expiredTimestamp: 1 },
};

/** Endpoints that mean nothing here, or have another reason not to be. */
const LEFT_OUT: readonly RegExp[] = [
  /datasets/,
  /coordinators/,
  /profiler/,
  /rescaling/,
  /log-url|\/logs$/,
  /jm-operator-metrics/,
  /^POST \/jobs$/,
];

function pathOf(endpoint: string): string {
  const [, pattern = ''] = endpoint.split(' ');
  return pattern.replace(/:(\w+)/g, (_, name: string) => PLACES[name] ?? name);
}

t.test("every endpoint sends the fields of Flink's, and no others", async (t) => {
  const { server, defects } = await openRestWorld({ roots: ['.'] });
  t.teardown(() => server.close());
  const endpoints = Object.entries(SCHEMA)
    .filter(([endpoint]) => !LEFT_OUT.some((pattern) => pattern.test(endpoint)))
    // What is polled for has to be triggered first.
    .sort(([a], [b]) => Number(a.startsWith('GET')) - Number(b.startsWith('GET')));
  t.ok(endpoints.length > 40, `${endpoints.length} endpoints`);
  for (const [endpoint, { status, body }] of endpoints) {
    const [method = ''] = endpoint.split(' ');
    for (const prefix of ['', '/v1']) {
      const path = `${prefix}${pathOf(endpoint)}`;
      if (endpoint.includes('savepoint-disposal/')) {
        await post(server, '/savepoint-disposal', { 'savepoint-path': 'savepoint-1', triggerId: TRIGGER });
      }
      const sent = BODIES[endpoint];
      const answer =
        sent === undefined ? await ask(server, path, { method }) : await post(server, path, sent, method);
      t.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      t.equal(difference(body, JSON.parse(answer.text)), undefined, `${method} ${path}`);
    }
  }
  t.same(defects, []);
});

t.test('checkpoints that are under way, and that failed, have their own fields', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  for (const id of [2, 3, 4, 5]) {
    for (const below of ['', `/subtasks/${vertexIdOf('counts')}`]) {
      const { text } = await ask(server, `/jobs/${JOB_ID}/checkpoints/details/${id}${below}`);
      const endpoint = `GET /jobs/:jobid/checkpoints/details/:checkpointid${below && '/subtasks/:vertexid'}`;
      t.equal(
        difference(SCHEMA[endpoint]?.body ?? 'any', JSON.parse(text)),
        undefined,
        `${id}${below}: ${text}`,
      );
    }
  }
});

t.test('metrics with values have the fields of a metric', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const vertex = `/jobs/${JOB_ID}/vertices/${vertexIdOf('counts')}`;
  const json = async (path: string) => JSON.parse((await ask(server, path)).text);
  t.same(await json(`${vertex}/metrics?get=0.numRecordsIn,nothing`), [
    { id: '0.numRecordsIn', value: '100' },
  ]);
  t.same(await json(`${vertex}/watermarks`), [{ id: '0.currentInputWatermark', value: '898000' }]);
  t.same(await json(`${vertex}/subtasks/1/metrics?get=numRecordsIn`), [{ id: 'numRecordsIn', value: '50' }]);
  t.same(await json(`${vertex}/subtasks/metrics?get=numRecordsIn`), [
    { id: 'numRecordsIn', min: 50, max: 100, avg: 75, sum: 150 },
  ]);
  t.same(await json(`${vertex}/subtasks/metrics?get=numRecordsIn&agg=max&subtasks=1`), [
    { id: 'numRecordsIn', max: 50 },
  ]);
  t.match(await json(`${vertex}/subtasks/metrics?get=numRecordsIn&agg=toString`), { errors: [/MR7003/] });
});
