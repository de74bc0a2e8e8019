import t from 'tap';
import { userStackLine } from '../../../actors/task/user-stack-line.js';

/** Where the compiled engine lies. */
const ENGINE = new URL('../../../', import.meta.url).href;

function withStack(...lines: readonly string[]): Error {
  const error = new Error('boom');
  error.stack = `Error: boom\n${lines.map((line) => `    at ${line}`).join('\n')}`;
  return error;
}

t.test('the line that threw is found', async (t) => {
  const line = userStackLine(new Error('boom')) ?? '';
  // Whoever runs the tests may have its stacks mapped to the sources.
  t.match(line, /[\\/]test[\\/]unit[\\/]actors[\\/]user-stack-line\.test\.(js|ts):\d+:\d+$/);
});

t.test('lines of the engine and of Node are passed over', async (t) => {
  const error = withStack(
    `MapOperator.processElement (${ENGINE}core/operator/map-operator.js:10:3)`,
    `write (${ENGINE}memory/channel-writer.js:1:1)`,
    `commit (${ENGINE}storage/connectors/file-sink.js:1:1)`,
    `Array.map (<anonymous>)`,
    'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    'file:///jobs/my%20jobs/delays.js:12:34',
    `StreamTask.runOnce (${ENGINE}actors/task/stream-task.js:1:1)`,
  );
  t.equal(userStackLine(error), '/jobs/my jobs/delays.js:12:34');
});

t.test('modules that were required have paths instead of URLs', async (t) => {
  t.equal(
    userStackLine(withStack('Object.parse (/jobs/parse.cjs:3:7)', 'run (/jobs/b.cjs:1:1)')),
    '/jobs/parse.cjs:3:7',
  );
  t.equal(userStackLine(withStack('parse (C:\\jobs\\parse.cjs:3:7)')), 'C:\\jobs\\parse.cjs:3:7');
});

t.test('some have none', async (t) => {
  t.equal(userStackLine(withStack(`run (${ENGINE}core/index.js:1:1)`)), undefined);
  t.equal(userStackLine('a text was thrown'), undefined);
  t.equal(userStackLine(undefined), undefined);
  const bare = new Error('boom');
  delete (bare as { stack?: string }).stack;
  t.equal(userStackLine(bare), undefined);
});
