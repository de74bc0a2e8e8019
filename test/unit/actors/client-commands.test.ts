import t, { type Test } from 'tap';
import type { CliContext } from '../../../actors/cli/cli-command.js';
import { cancelCommand, stopCommand } from '../../../actors/cli/end-commands.js';
import { ExitCode } from '../../../actors/cli/exit-code.js';
import { listCommand } from '../../../actors/cli/list-command.js';
import { runProgram } from '../../../actors/cli/program.js';
import { rescaleCommand } from '../../../actors/cli/rescale-command.js';
import type { OnSignal } from '../../../actors/cli/run-command.js';
import { savepointCommand } from '../../../actors/cli/savepoint-command.js';
import { checkpointCommand, defineSavepoint } from '../../../actors/cli/snapshot-commands.js';
import { taskManagerCommand } from '../../../actors/cli/task-manager-command.js';
import { type JobDetails, MillraceError, toWireError } from '../../../core/internal.js';
import { openRestWorld, type RestWorldOptions } from './rest/rest-world.js';
import { JOB_ID, SAMPLE_JOB } from './rest/sample-cluster.js';

const untouched = (): never => {
  throw new Error('Nothing is to be looked at.');
};
const TOOLS = { inspect: untouched, read: untouched, diff: untouched, dispose: untouched };

interface Asked {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command line that asks a server at a free port; `signals` has what listens for signals, `waits` resolves when a
 * command first says that it waits, or the other thing.
 */
async function terminal(t: Test, options: RestWorldOptions = {}, isTTY = false, says = 'Waiting') {
  const { server, done } = await openRestWorld(options);
  t.teardown(() => server.close());
  const signals: Parameters<OnSignal>[0][] = [];
  let onWait = (): void => {};
  const waits = new Promise<void>((resolve) => {
    onWait = resolve;
  });
  const onSignal: OnSignal = (handler) => {
    signals.push(handler);
    return () => signals.splice(signals.indexOf(handler), 1);
  };
  const ask = async (line: string, environment: CliContext['environment'] = {}): Promise<Asked> => {
    let stdout = '';
    let stderr = '';
    const context: CliContext = {
      stdout: { write: (text) => (stdout += text) },
      stderr: {
        write: (text) => {
          stderr += text;
          if (text.includes(says)) onWait();
        },
        isTTY,
      },
      environment: { MILLRACE_REST_PORT: String(server.port), ...environment },
      workingDirectory: '/nonexistent',
      version: '1.2.3',
    };
    const commands = [
      listCommand(onSignal),
      cancelCommand(onSignal),
      stopCommand(onSignal),
      checkpointCommand(onSignal),
      rescaleCommand(onSignal),
      taskManagerCommand(onSignal),
      savepointCommand(TOOLS, defineSavepoint(onSignal)),
    ];
    const exitCode = await runProgram(line.split(' '), context, commands);
    return { exitCode, stdout, stderr };
  };
  return { ask, done, signals, waits, target: `127.0.0.1:${server.port}` };
}

function job(jobId: string, jobName: string, status: JobDetails['status']): JobDetails {
  return { ...SAMPLE_JOB, jobId, jobName, status };
}

const A = `aaaa${'0'.repeat(28)}`;
const B = `aaab${'0'.repeat(28)}`;
const C = `cccc${'0'.repeat(28)}`;
const JOBS = [job(A, 'orders', 'RUNNING'), job(B, 'orders', 'FAILED'), job(C, 'clicks\u001b[2J', 'CREATED')];

t.test('list has the lines of Flink, and no job moves the cursor', async (t) => {
  const { ask } = await terminal(t, { cluster: { jobs: async () => JOBS } });
  const all = await ask('list -a');
  t.equal(all.exitCode, ExitCode.ok);
  const day = String.raw`\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d`;
  t.match(
    all.stdout,
    new RegExp(
      [
        '^------------------ Running/Restarting Jobs -------------------',
        `${day} : ${A} : orders \\(RUNNING\\)`,
        '-{62}',
        '----------------------- Scheduled Jobs -----------------------',
        `${day} : ${C} : clicks \\[2J \\(CREATED\\)`,
        '-{62}',
        '---------------------- Terminated Jobs -----------------------',
        `${day} : ${B} : orders \\(FAILED\\)`,
        '-{62}\n$',
      ].join('\n'),
    ),
  );
  t.equal(all.stderr, 'Waiting for response...\n');
  const scheduled = JSON.parse((await ask('list -s --json')).stdout);
  t.same(
    scheduled.jobs.map(({ jid }: { jid: string }) => jid),
    [C],
  );
  const { stdout } = await (await terminal(t, { cluster: { jobs: async () => [] } })).ask('list');
  t.equal(stdout, 'No running jobs.\nNo scheduled jobs.\n');
});

t.test('a job is named by its id, the beginning of it, or its name', async (t) => {
  const { ask, done, target } = await terminal(t, {
    cluster: { jobs: async () => JOBS, job: async (id) => JOBS.find(({ jobId }) => jobId === id) },
  });
  for (const word of [A, A.toUpperCase(), 'aaaa', 'orders']) {
    t.match(await ask(`cancel ${word}`), { exitCode: 0, stdout: `Cancelled job ${A}.\n` }, word);
  }
  t.same(
    done,
    Array.from({ length: 4 }, () => `cancel ${A}`),
  );
  const cases: [string, RegExp][] = [
    ['aaa', /^MR7002 The cluster at \S+ has no job 'aaa'/],
    ['orderz', /Did you mean orders\?/],
    [B, /^MR7002 Job aaab0+ \(orders\) has ended: it is FAILED/],
    [`${A}0`, /^MR7002/],
  ];
  for (const [word, message] of cases) {
    const { exitCode, stdout, stderr } = await ask(`cancel ${word}`);
    t.equal(exitCode, ExitCode.usage, word);
    t.equal(stdout, '', word);
    t.match(stderr, message, word);
    t.match(stderr, word === B ? /millrace list/ : target, word);
  }
  const twins = [job(A, 'x', 'RUNNING'), job(A.replace('0', '1'), 'y', 'RESTARTING')];
  const ambiguous = await terminal(t, { cluster: { jobs: async () => twins } });
  t.match(await ambiguous.ask('cancel aaaa'), {
    exitCode: ExitCode.usage,
    stderr: /^MR7001 'aaaa' may be 2 jobs\. Why: aaaa0+ \(x\), aaaa10+ \(y\)/,
  });
});

t.test('savepoints, stops and checkpoints send what Flink sends, and print what it prints', async (t) => {
  const { ask, done } = await terminal(t, { roots: ['savepoints'] });
  const path = 'Savepoint completed. Path: savepoints/savepoint-1\n';
  t.match(await ask(`savepoint ${JOB_ID} savepoints`), {
    exitCode: 0,
    stdout: path,
    stderr: new RegExp(
      `^Triggering savepoint for job ${JOB_ID}\\.\nWaiting for response\\.\\.\\.\nYou can resume`,
    ),
  });
  t.match(await ask(`stop ${JOB_ID}`), {
    stdout: path,
    stderr: /^Suspending job "\w+" with a savepoint\.\n/,
  });
  t.match(await ask(`stop -d -type native ${JOB_ID}`), { stdout: path, stderr: /^Draining job/ });
  // The folder may be left out, and is then that of the cluster.
  t.match(await ask(`stop -p ${JOB_ID}`), { stdout: path });
  t.match(await ask(`cancel -s ${JOB_ID}`), {
    stdout: /^Cancelled job \w+\. Savepoint stored in savepoints/,
  });
  t.match(await ask(`checkpoint ${JOB_ID}`), {
    stdout: `Checkpoint 6 for job ${JOB_ID} completed.\n`,
  });
  t.same(JSON.parse((await ask(`checkpoint ${JOB_ID} --full --json`)).stdout), {
    jobId: JOB_ID,
    checkpointId: 6,
  });
  t.match(await ask('savepoint -d savepoints/savepoint-1'), {
    stdout: "Savepoint 'savepoints/savepoint-1' disposed.\n",
  });
  t.match(await ask(`savepoint ${JOB_ID} -detached`), {
    stdout: /^Successfully trigger manual savepoint, triggerId: [0-9a-f]{32}\n$/,
  });
  t.match(done[0], /^savepoint .*\/savepoints undefined$/);
  t.same(done.slice(1, 7), [
    'savepoint undefined suspend',
    'savepoint undefined drain',
    'savepoint undefined suspend',
    'savepoint undefined suspend',
    'checkpoint CONFIGURED',
    'checkpoint FULL',
  ]);
});

t.test('a rescale is for all, or for vertices by name, and tells its pause', async (t) => {
  const { ask, done } = await terminal(t);
  const rescaled = await ask(`rescale ${JOB_ID} -p 4`);
  t.equal(
    rescaled.stdout,
    `Rescaled job ${JOB_ID}: no record was taken for 70 ms.\n  counts -> Map: 2 -> 4\n`,
  );
  await ask(`rescale ${JOB_ID} --vertex counts=1:4 --vertex numbers=1`);
  t.same(done, [
    'rescale 4',
    'rescale [{"vertexId":1,"lowerBound":1,"upperBound":4},{"vertexId":0,"lowerBound":1,"upperBound":1}]',
  ]);
});

t.test('what the cluster says is told once, and decides the exit code', async (t) => {
  const refusal = new MillraceError('MR5013', 'The job is not rescaled.', { why: 'It is too late.' });
  const lost = new MillraceError('MR3007', 'Task 0 declined.', {
    cause: new MillraceError('MR3003', 'No space is left.'),
  });
  const { ask } = await terminal(t, {
    cluster: {
      rescale: () => Promise.reject(refusal),
      savepoint: async () => ({ type: 'failed', error: toWireError(lost) }),
    },
  });
  const late = await ask(`rescale ${JOB_ID} -p 2`);
  t.equal(late.exitCode, ExitCode.jobFailed);
  t.match(late.stderr, /\nMR5013 The job is not rescaled\. Why: It is too late\.\n$/);
  const full = await ask(`stop ${JOB_ID}`);
  t.equal(full.exitCode, ExitCode.jobFailed);
  t.match(full.stderr, /\nMR3007 Task 0 declined\.\n {2}caused by MR3003 No space is left\.\n$/);
  const outside = await ask(`savepoint ${JOB_ID} /elsewhere`);
  t.equal(outside.exitCode, ExitCode.usage);
  t.match(outside.stderr, /\nMR7005 The cluster at \S+ refused the request\. Why: MR7003 Requests may name/);
  t.equal(outside.stderr.match(/MR7003/g)?.length, 1);
});

t.test('a token is sent where one is set, and asked for where none is', async (t) => {
  const { ask } = await terminal(t, { token: 'millrace-unit-token' });
  const without = await ask('list');
  t.equal(without.exitCode, ExitCode.usage);
  t.match(without.stderr, /^Waiting for response\.\.\.\nMR7005 .*What to do: Set MILLRACE_REST_TOKEN/);
  t.equal((await ask('list', { MILLRACE_REST_TOKEN: 'millrace-unit-token' })).exitCode, ExitCode.ok);
});

t.test('where no cluster answers, and where something else does, it is said', async (t) => {
  const { ask } = await terminal(t);
  const { server } = await openRestWorld();
  await server.close();
  const nobody = await ask(`list -m 127.0.0.1:${server.port}`);
  t.equal(nobody.exitCode, ExitCode.usage);
  t.match(
    nobody.stderr,
    /MR7004 No cluster answers at 127\.0\.0\.1:\d+\. Why: .*ECONNREFUSED.* What to do: Start one/,
  );
  for (const target of ['localhost', 'http://localhost:8081', 'localhost:99999', ':8081']) {
    t.match(await ask(`list -m ${target}`), {
      exitCode: ExitCode.usage,
      stderr: /^MR7001 '.*' is no address/,
    });
  }
});

t.test('who stops waiting is told what goes on', async (t) => {
  let release = (): void => {};
  const { ask, signals, waits } = await terminal(
    t,
    {
      cluster: {
        savepoint: () =>
          new Promise((resolve) => {
            release = () => resolve({ type: 'completed', path: 'savepoints/savepoint-1' });
          }),
      },
    },
    true,
  );
  const waiting = ask(`savepoint ${JOB_ID}`);
  await waits;
  signals[0]?.('SIGINT');
  const { exitCode, stdout, stderr } = await waiting;
  t.equal(exitCode, ExitCode.interrupted);
  t.equal(stdout, '');
  t.match(
    stderr,
    /goes on; http:\/\/127\.0\.0\.1:\d+\/v1\/jobs\/\w+\/savepoints\/\w{32} tells its outcome\./,
  );
  t.same(signals, [], 'a second signal meets nobody');
  release();
});

t.test('on a terminal a line tells how far a savepoint is, and goes', async (t) => {
  let release = (): void => {};
  const savepoint = () =>
    new Promise<{ readonly type: 'completed'; readonly path: string }>((resolve) => {
      release = () => resolve({ type: 'completed', path: 'savepoints/savepoint-1' });
    });
  const { ask, waits } = await terminal(t, { cluster: { savepoint } }, true, 'savepoint |');
  const waiting = ask(`savepoint ${JOB_ID}`);
  await waits;
  release();
  const { exitCode, stderr } = await waiting;
  t.equal(exitCode, ExitCode.ok);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.match(stderr, /\r\u001b\[2Ksavepoint \| (?:\d of \d tasks \| )?(?:.* MB \| )?\d+\.\d s\r\u001b\[2K/);
});

t.test('TaskManagers are listed, started and stopped', async (t) => {
  const { ask, done } = await terminal(t);
  const listed = await ask('taskmanager list');
  t.match(listed.stdout, /^taskmanager-1 : \d+ slots?, \d+ free\n$/);
  t.match(JSON.parse((await ask('taskmanager list --json')).stdout), {
    taskmanagers: [{ id: 'taskmanager-1' }],
  });
  t.match(await ask('taskmanager start'), { exitCode: 0, stdout: 'Started TaskManager taskmanager-2.\n' });
  t.match(await ask('taskmanager stop taskmanager-1'), {
    exitCode: 0,
    stdout: /^Stopped TaskManager taskmanager-1\./,
  });
  t.same(done, ['start TaskManager', 'terminate taskmanager-1']);
  t.match(await ask('taskmanager stop'), { exitCode: 2, stderr: /MR7001 .*There are taskmanager-1\./s });
  t.match(await ask('taskmanager stop ../x'), { exitCode: 2, stderr: /MR7002 .*no TaskManager '\.\.\/x'/ });
  t.equal(done.length, 2);
});

t.test('usage errors are told before anything is asked', async (t) => {
  const { ask, done } = await terminal(t);
  const cases: [string, RegExp][] = [
    ['stop', /^MR7001 millrace stop needs to know which job/],
    ['cancel', /^MR7001 millrace cancel needs/],
    ['savepoint', /^MR7001 millrace savepoint needs/],
    ['rescale x', /^MR7001 millrace rescale needs to know what parallelism/],
    ['rescale x -p 0', /whole number from 1 on/],
    ['rescale x --vertex 3', /name=n or name=lowest:highest/],
    ['rescale x -p 2 --vertex a=1', /cannot be used with/],
    ['stop x --type parquet', /Allowed choices are CANONICAL, NATIVE/],
    ['checkpoint x --full --incremental', /cannot be used with/],
    ['checkpont x', /Did you mean checkpoint\?/],
    ['stop a b', /too many arguments/],
  ];
  for (const [line, message] of cases) {
    const { exitCode, stderr } = await ask(line);
    t.equal(exitCode, ExitCode.usage, line);
    t.match(stderr, message, line);
  }
  t.match(await ask('savepoint inspct'), { stderr: /has no job 'inspct'.*Did you mean inspect\?/ });
  t.same(done, []);
});
