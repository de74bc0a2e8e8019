import t from 'tap';
import type { CheckpointHistory } from '../../../core/checkpoint/checkpoint-history.js';
import { isLogged } from '../../../core/log/log-level.js';
import { Redaction, withoutUserInfo } from '../../../core/log/redaction.js';
import type { WireError } from '../../../core/protocol/wire-error.js';

const CANARY = 'c4n4ry-0f-7he-m1ne';

t.test('what is secret is struck out, by its name, in addresses, and wherever it occurs', (t) => {
  const redaction = new Redaction([CANARY]);
  const error = new Error(`refused for ${CANARY}`, { cause: new Error(`s3://user:${CANARY}@host/`) });
  const fields = redaction.fields({
    password: CANARY,
    's3.secret-key': 'short',
    apiKey: 'short',
    nested: { authToken: 'short', list: [{ credentials: 'short' }, `Bearer ${CANARY}`] },
    map: new Map([['a', CANARY]]),
    error,
    key: 'of the stream',
    url: 'https://me:it@example.org/x',
  });
  const text = JSON.stringify(fields);
  t.notMatch(text, CANARY);
  t.notMatch(text, /short|me:it/);
  t.match(fields, { password: '***', key: 'of the stream', url: 'https://***@example.org/x' });
  t.equal(redaction.text(`said ${CANARY} twice: ${CANARY}`), 'said *** twice: ***');
  t.end();
});

t.test(
  'what stands for a user is struck out of every form of address, in no more steps than the text is long',
  (t) => {
    for (const address of [
      `s3://key:${CANARY}@bucket/x`,
      `3.s3://key:${CANARY}@bucket/x`,
      `...s3://key:${CANARY}@bucket/x`,
      `${'a'.repeat(50)}://key:${CANARY}@bucket/x`,
      `http://u:p@${CANARY}@host`,
      `http://u:'<${CANARY}>@host`,
    ]) {
      t.notMatch(withoutUserInfo(`at ${address}, and more`), CANARY, address);
      t.match(withoutUserInfo(`at ${address}, and more`), /:\/\/\*\*\*@(bucket\/x|host), and more$/);
      const json = JSON.stringify({
        at: `${address}`,
        quoted: `"${address}"`,
        password: `h://u:"\\${CANARY}@h`,
      });
      t.notMatch(withoutUserInfo(json), CANARY);
      t.same(
        Object.keys(JSON.parse(withoutUserInfo(json))),
        ['at', 'quoted', 'password'],
        'it is JSON still',
      );
    }
    const begin = performance.now();
    for (const unit of ['a', '://', 'a://', ':/', '\\', '@', 'a@'])
      withoutUserInfo(`://${unit.repeat(1_000_000 / unit.length)}`);
    t.ok(performance.now() - begin < 2000);
    t.end();
  },
);

t.test('anything becomes plain data, of bounded size', (t) => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle.self = circle;
  const fields = new Redaction().fields({
    circle,
    big: 12n,
    fn: () => 1,
    symbol: Symbol('s'),
    bytes: new Uint8Array(9),
    long: 'x'.repeat(100_000),
    many: Array.from({ length: 10_000 }, (_, i) => i),
    ['__proto__']: { polluted: true },
    nothing: undefined,
  });
  const text = JSON.stringify(fields);
  t.ok(text.length < 25_000);
  t.match(fields, { big: '12', symbol: 'Symbol(s)', bytes: '9 bytes' });
  t.equal(({} as { polluted?: boolean }).polluted, undefined);
  t.strictSame(structuredClone(fields), fields);
  t.end();
});

t.test('lines below the level are left out', (t) => {
  t.ok(isLogged('warn', 'INFO'));
  t.notOk(isLogged('debug', 'INFO'));
  t.ok(isLogged('trace', 'TRACE'));
  t.notOk(isLogged('error', 'OFF'));
  t.end();
});

t.test(
  'what a job and its checkpoints failed of is shown without secrets, with all its causes',
  async (t) => {
    const redaction = new Redaction([CANARY]);
    const cause = { code: 'MR9002', what: `no ${CANARY}`, stack: `at ${CANARY}` };
    const error = { code: 'MR5001', what: 'User code threw', why: CANARY, cause } as unknown as WireError;
    const failure = redaction.failure({
      attempt: 1,
      failedMs: 1,
      rootCause: error,
      concurrent: [{ failedMs: 2, error, taskName: undefined, taskManagerId: undefined, labels: {} }],
      restartedTasks: [],
      restoredCheckpointId: undefined,
      recoveryMs: undefined,
      taskName: undefined,
      taskManagerId: undefined,
      labels: {},
    });
    t.notMatch(JSON.stringify(failure), CANARY);
    t.match(failure, { rootCause: { code: 'MR5001', why: '***', cause: { what: 'no ***' } } });
    const record = { checkpointId: 3, failure: { failedMs: 1, message: `says ${CANARY}` } };
    const history = { latestFailed: record, history: [record, { checkpointId: 2 }] };
    const shown = redaction.checkpoints(history as unknown as CheckpointHistory);
    t.notMatch(JSON.stringify(shown), CANARY);
    t.match(shown, {
      latestFailed: { failure: { message: 'says ***' } },
      history: [{}, { checkpointId: 2 }],
    });
  },
);
