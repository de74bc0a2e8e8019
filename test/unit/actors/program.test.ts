import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { CliCommand, CliCommandGroup } from '../../../actors/cli/cli-command.js';
import { configCommand } from '../../../actors/cli/config-command.js';
import { ExitCode, exitCodeOf } from '../../../actors/cli/exit-code.js';
import { memoryCommand } from '../../../actors/cli/memory-command.js';
import { type RunJob, runCommand } from '../../../actors/cli/run-command.js';
import { savepointCommand } from '../../../actors/cli/savepoint-command.js';
import { accountOf, ERROR_TABLE, type ErrorCode, MillraceError } from '../../../core/internal.js';
import { runCaptured } from './captured-program.js';

/** A command whose action is given. */
function commandThat(act: () => Promise<ExitCode>): CliCommand {
  return {
    name: 'act',
    define: (command) => {
      command.argument('[operand...]').passThroughOptions();
      return async () => act();
    },
  };
}

function run(argv: readonly string[], extra: readonly (CliCommand | CliCommandGroup)[] = []) {
  return runCaptured(argv, [memoryCommand, configCommand, ...extra]);
}

t.test('--help starts with an example and goes to stdout', async (t) => {
  for (const argv of [['--help'], ['help'], ['memory', '--help'], ['config', '--help'], ['help', 'memory']]) {
    const { exitCode, stdout, stderr } = await run(argv);
    t.equal(exitCode, ExitCode.ok, argv.join(' '));
    t.match(stdout, /^Example:\n {2}\$ .*millrace /, argv.join(' '));
    t.equal(stderr, '', argv.join(' '));
  }
});

t.test('the help of config lists every key with its default', async (t) => {
  const { stdout } = await run(['config', '--help']);
  t.match(stdout, /^ {2}execution\.checkpointing\.timeout\n.*\(duration; at least 10; default 10 min\)$/m);
});

t.test('--version prints the version', async (t) => {
  t.same(await run(['--version']), { exitCode: ExitCode.ok, stdout: '1.2.3\n', stderr: '' });
});

t.test('a usage error exits 2, names the nearest, and prints nothing on stdout', async (t) => {
  const cases: [string[], RegExp][] = [
    [['memry'], /^MR7001 unknown command 'memry'\n\(Did you mean memory\?\)/],
    [['memory', '--jsn'], /^MR7001 unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['memory', 'extra'], /^MR7001 too many arguments/],
    [['memory', '--role', 'worker'], /Allowed choices are taskmanager, jobmanager/],
    [['memory', '-D', 'novalue'], /It takes the form key=value/],
    [['memory', '-D', '=1'], /It takes the form key=value/],
    [['memory', '-D'], /argument missing/],
    [[], /^Example:/],
  ];
  for (const [argv, message] of cases) {
    const { exitCode, stdout, stderr } = await run(argv);
    t.equal(exitCode, ExitCode.usage, argv.join(' '));
    t.equal(stdout, '', argv.join(' '));
    t.match(stderr, message);
  }
});

t.test('an empty path is no path, and nothing is looked at', async (t) => {
  const untouched = (): never => {
    throw new Error('Nothing is to be looked at.');
  };
  const tools = { inspect: untouched, read: untouched, diff: untouched, dispose: untouched };
  const host = { runJob: untouched, onSignal: untouched, supervise: untouched, runRemotely: untouched };
  const commands = [savepointCommand(tools), runCommand(host)];
  const cases: [string[], RegExp][] = [
    [['savepoint', 'inspect', ''], /^MR7001 An empty text names no savepoint\./],
    [['savepoint', 'read', '', '--uid', 'u', '--state', 's'], /no savepoint/],
    [['savepoint', 'diff', '', 'job.js'], /no savepoint/],
    [['savepoint', 'diff', '/savepoint', ''], /no job file/],
    [['savepoint', 'dispose', ' '], /no savepoint/],
    [['run', ''], /no job file/],
    [['run', '-s', '', fileURLToPath(import.meta.url)], /no savepoint/],
    [['config', '--config', ''], /no configuration file/],
  ];
  for (const [argv, message] of cases) {
    const { exitCode, stdout, stderr } = await run(argv, commands);
    t.equal(exitCode, ExitCode.usage, argv.join(' '));
    t.equal(stdout, '', argv.join(' '));
    t.match(stderr, message, argv.join(' '));
  }
});

t.test('a resumed job of which nothing is left says how it ended, and that is no failure', async (t) => {
  const cases = [
    ['FINISHED', undefined, /^Job hits has finished before; there is nothing to resume\.$/m],
    [
      'CANCELED',
      undefined,
      /^Job hits was cancelled before, and its checkpoints removed; there is nothing to resume\.$/m,
    ],
    ['FINISHED', '/s/1', /^Job hits was stopped with a savepoint; go on from there with -s \/s\/1$/m],
  ] as const;
  for (const [state, savepointPath, message] of cases) {
    const outcome = { type: 'already-finished', jobName: 'hits', state, savepointPath } as const;
    const untouched = (): never => {
      throw new Error('Nothing else is to be called.');
    };
    const host = {
      runJob: async () => outcome,
      onSignal: untouched,
      supervise: untouched,
      runRemotely: untouched,
    };
    const { exitCode, stderr } = await run(
      ['run', '--resume', fileURLToPath(import.meta.url)],
      [runCommand(host)],
    );
    t.match(stderr, message);
    t.equal(exitCode, ExitCode.ok);
  }
});

t.test('what the configuration warns of is told once, and what the job warns of too', async (t) => {
  const untouched = () => Promise.reject();
  const host = {
    runJob: (async ({ configuration }, { onStarted }) => {
      const warnings = [...configuration.warnings, 'an operator has no uid'];
      const job = { jobName: 'hits', warnings, restoredCheckpointId: undefined, begunFrom: undefined };
      onStarted({ job, restUrl: undefined }, { stop: untouched, stopWithSavepoint: untouched });
      return {
        type: 'already-finished',
        jobName: 'hits',
        state: 'FINISHED',
        savepointPath: undefined,
      } as const;
    }) satisfies RunJob,
    onSignal: () => () => {},
    supervise: untouched,
    runRemotely: untouched,
  };
  const words = ['run', '-D', 'state.backend.type=rocksdb', fileURLToPath(import.meta.url)];
  const { stderr } = await run(words, [runCommand(host)]);
  t.equal(stderr.match(/^warning: 'rocksdb' of 'state\.backend\.type'/gm)?.length, 1, stderr);
  t.match(stderr, /^warning: an operator has no uid$/m);
});

t.test('that SIGTERM could take no savepoint is told with its causes', async (t) => {
  const cause = new MillraceError('MR3002', 'Could not create /readonly/sp (EROFS)', {
    where: { at: '/readonly/sp' },
  });
  const refused = new MillraceError('MR3007', 'The checkpoint did not complete.', { cause });
  const job = { jobName: 'hits', warnings: [], restoredCheckpointId: undefined, begunFrom: undefined };
  let signalled = (_: 'SIGINT' | 'SIGTERM'): void => {};
  const host = {
    runJob: ((_, { onStarted }) =>
      new Promise((_resolve, reject) => {
        const stop = async () => reject(new MillraceError('MR5007', 'The job was cancelled.'));
        onStarted({ job, restUrl: undefined }, { stop, stopWithSavepoint: () => Promise.reject(refused) });
        signalled('SIGTERM');
      })) satisfies RunJob,
    onSignal: (handler: typeof signalled) => {
      signalled = handler;
      return () => {};
    },
    supervise: () => Promise.reject(),
    runRemotely: () => Promise.reject(),
  };
  const words = ['-D', 'execution.checkpointing.savepoint-dir=/readonly/sp', fileURLToPath(import.meta.url)];
  const { exitCode, stderr } = await run(['run', ...words], [runCommand(host)]);
  t.match(stderr, `There is no savepoint. ${refused.message}\n  caused by ${cause.message}\nStopped. `);
  t.equal(exitCode, ExitCode.terminated);
});

t.test('the exit code of a command is the exit code of the program', async (t) => {
  t.equal((await run(['act'], [commandThat(async () => ExitCode.jobFailed)])).exitCode, ExitCode.jobFailed);
  t.equal((await run(['act', 'job.js', '--json', '-p', '4'], [commandThat(async () => 0)])).exitCode, 0);
});

t.test('an error of ours is one message, and a defect has its stack', async (t) => {
  const ours = await run(
    ['act'],
    [
      commandThat(async () => {
        throw new MillraceError('MR8002', 'The job runs elsewhere.', { hint: 'Stop it.' });
      }),
    ],
  );
  t.same(ours, {
    exitCode: ExitCode.alreadyRunning,
    stdout: '',
    stderr: 'MR8002 The job runs elsewhere. What to do: Stop it.\n',
  });
  const defect = await run(
    ['act'],
    [
      commandThat(async () => {
        throw new TypeError('x is not a function');
      }),
    ],
  );
  t.equal(defect.exitCode, ExitCode.internal);
  t.match(defect.stderr, /^MR9002 An unexpected error: TypeError: x is not a function\n {4}at /);
});

t.test("a job whose checkpoint does not fit could not be restored; other failures are the job's", (t) => {
  const failed = (code: ErrorCode) =>
    new MillraceError('MR5006', 'The job failed.', { cause: new MillraceError(code, 'why') });
  for (const code of ['MR2101', 'MR2102', 'MR3004', 'MR3008'] as const) {
    t.equal(exitCodeOf(failed(code)), ExitCode.restore, code);
  }
  for (const code of ['MR4001', 'MR5001', 'MR6004', 'MR9002'] as const) {
    t.equal(exitCodeOf(failed(code)), ExitCode.jobFailed, code);
  }
  t.end();
});

t.test('causes are told a line each, and what the line above says is not said again', async (t) => {
  const thrown = new TypeError('x is no function');
  const user = new MillraceError('MR5001', 'User code threw TypeError: x is no function', { cause: thrown });
  const { stderr } = await run(
    ['act'],
    [
      commandThat(async () => {
        throw new MillraceError('MR5006', 'The job failed.', { cause: user });
      }),
    ],
  );
  t.equal(stderr, 'MR5006 The job failed.\n  caused by MR5001 User code threw TypeError: x is no function\n');
});

t.test('advice of a cause that the line above has told is not given beside its own', async (t) => {
  const at = { where: { at: '/out' }, why: 'EROFS: read-only file system' };
  const cause = new MillraceError('MR3002', 'Could not create /out', {
    ...at,
    hint: 'Choose another checkpoint folder.',
  });
  const error = new MillraceError('MR3002', 'Output could not be written.', {
    why: accountOf(cause),
    hint: 'See that the folder may be written.',
    cause,
  });
  const { stderr } = await run(
    ['act'],
    [
      commandThat(async () => {
        throw error;
      }),
    ],
  );
  t.equal(
    stderr,
    'MR3002 Output could not be written. Why: MR3002 Could not create /out [/out] Why: EROFS: read-only file system. ' +
      'What to do: See that the folder may be written.\n',
  );
});

t.test('every code of the table has an exit code', async (t) => {
  const expected: [ErrorCode, ExitCode][] = [
    ['MR1002', ExitCode.configuration],
    ['MR1007', ExitCode.usage],
    ['MR1009', ExitCode.jobFailed],
    ['MR2002', ExitCode.jobFailed],
    ['MR2101', ExitCode.restore],
    ['MR3002', ExitCode.storage],
    ['MR3003', ExitCode.storage],
    ['MR3005', ExitCode.restore],
    ['MR4001', ExitCode.configuration],
    ['MR4004', ExitCode.configuration],
    ['MR5006', ExitCode.jobFailed],
    ['MR6001', ExitCode.jobFailed],
    ['MR7001', ExitCode.usage],
    ['MR8001', ExitCode.restore],
    ['MR8002', ExitCode.alreadyRunning],
    ['MR9001', ExitCode.internal],
  ];
  for (const [code, exitCode] of expected) t.equal(exitCodeOf(new MillraceError(code, 'x')), exitCode, code);
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    t.not(exitCodeOf(new MillraceError(code, 'x')), ExitCode.ok, code);
  }
  t.equal(exitCodeOf(new Error('x')), ExitCode.internal);
  t.equal(exitCodeOf('x'), ExitCode.internal);
});
