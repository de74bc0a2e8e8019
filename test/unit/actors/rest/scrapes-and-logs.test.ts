import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { JobLog } from '../../../../actors/boot/logs/job-log.js';
import { listLogs, readLog } from '../../../../actors/boot/logs/log-files.js';
import { type JobGraph, Redaction } from '../../../../core/internal.js';
import { ask, openRestWorld } from './rest-world.js';

t.test('Prometheus is given its text at /metrics', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const { status, headers, text } = await ask(server, '/metrics');
  t.equal(status, 200);
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  t.equal(text, 'flink_jobmanager_numRunningJobs{host="here"} 1\n');
});

t.test('logs are listed, and read by the names in the list and by no path', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rest-logs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'secret'), 'not for you');
  writeFileSync(join(folder, 'logs', 'other.log'), 'not for you');
  writeFileSync(join(folder, 'logs', 'taskmanager.log'), 'said now\n');
  writeFileSync(join(folder, 'logs', 'taskmanager.log.1'), 'said before\n');
  const logs = [
    new JobLog({
      jobId: '1',
      graph: { name: 'words', vertices: [] } as unknown as JobGraph,
      level: 'INFO',
      folder: join(folder, 'logs'),
      maxBytes: 1000,
      backups: 2,
      console: 'OFF',
      redaction: new Redaction(),
    }),
  ];
  const { server } = await openRestWorld({
    cluster: {
      listLogs: (owner) => listLogs(logs, owner),
      readLog: (owner, name) => readLog(logs, owner, name),
    },
  });
  t.teardown(() => server.close());
  const listed = await ask(server, '/taskmanagers/tm/logs');
  t.match(JSON.parse(listed.text), {
    logs: [
      { name: 'words.taskmanager.log', size: 9 },
      { name: 'words.taskmanager.log.1', size: 12 },
    ],
  });
  t.equal((await ask(server, '/taskmanagers/tm/logs/words.taskmanager.log')).text, 'said now\n');
  t.equal((await ask(server, '/taskmanagers/tm/log')).text, 'said now\n');
  t.equal((await ask(server, '/jobmanager/logs')).text, '{"logs":[]}');
  for (const name of [
    '..%2fsecret',
    '%2e%2e/secret',
    encodeURIComponent(join(folder, 'secret')),
    'words...secret',
    'other.log',
    'words.other.log',
    'taskmanager.log',
    'words.taskmanager.log%00',
    '__proto__',
  ]) {
    const answer = await ask(server, `/taskmanagers/tm/logs/${name}`);
    t.ok(answer.status === 404 || answer.status === 400, `${name}: ${answer.status}`);
    t.notMatch(answer.text, /not for you|said/);
  }
});
