import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { JobParameters } from '../../../core/api/job-parameters.js';
import type { CachedFile } from '../../../core/operator/distributed-cache.js';
import type { RuntimeContext } from '../../../core/operator/runtime-context.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';

/** What `look` sees when a function of a pipeline is opened. */
async function opened<T>(describe: HarnessBuild, look: (ctx: RuntimeContext) => T): Promise<T> {
  const seen: T[] = [];
  const harness = await PipelineHarness.create((env, io) => {
    describe(env, io);
    const fn = { open: (ctx: RuntimeContext) => void seen.push(look(ctx)), map: (n: number) => n };
    io.source<number>('in').map(fn).sinkTo(io.sink('out'));
  });
  await harness.close();
  const [first] = seen;
  if (seen.length !== 1 || first === undefined) throw new Error(`${seen.length} functions were opened`);
  return first;
}

t.test('a function reads the files that its job registered', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'codes.json');
  writeFileSync(path, '["ä", 2]');
  const tool = join(dir, 'tool');
  writeFileSync(tool, Uint8Array.of(0xff, 0, 1), { mode: 0o700 });
  const files = await opened(
    (env) => env.registerCachedFile(path, 'codes').registerCachedFile(tool, 'tool', true),
    (ctx) => ({
      codes: ctx.getDistributedCache().getFile('codes'),
      tool: ctx.getDistributedCache().getFile('tool'),
      missing: refused(() => ctx.getDistributedCache().getFile('code')),
    }),
  );
  const plain = ({ name, path: at, isExecutable, sizeBytes }: CachedFile) => [
    name,
    at,
    isExecutable,
    sizeBytes,
  ];
  t.strictSame(plain(files.codes), ['codes', path, false, 9]);
  t.strictSame(plain(files.tool), ['tool', tool, true, 3]);
  t.strictSame(JSON.parse(files.codes.text()), ['ä', 2]);
  const bytes = files.tool.bytes();
  t.strictSame(bytes, Uint8Array.of(0xff, 0, 1));
  bytes.fill(7);
  t.strictSame(files.tool.bytes(), Uint8Array.of(0xff, 0, 1), 'a copy each time');
  t.equal(refused(() => files.tool.text()).code, 'MR1010');
  t.equal(files.missing.code, 'MR1010');
  t.match(files.missing.message, /Was 'codes' meant/);
});

t.test('cached files have a path, and a name of their own', async (t) => {
  for (const [register, message] of [
    [
      (env) => env.registerCachedFile('a', 'x').registerCachedFile('b', 'x'),
      /two cached files of the name 'x'/,
    ],
    [(env) => env.registerCachedFile('', 'x'), /path of a cached file is ""/],
    [(env) => env.registerCachedFile('a', ' '), /name of a cached file is " "/],
  ] as [(env: Parameters<HarnessBuild>[0]) => unknown, RegExp][]) {
    await t.rejects(
      opened(
        (env) => void register(env),
        () => 0,
      ),
      { code: 'MR1001', message },
    );
  }
});

t.test('functions are told of the parameters of the job', async (t) => {
  const parametersOf = (params: JobParameters | { n: number } | readonly string[]) =>
    opened(
      (env) => env.setGlobalJobParameters(params),
      (ctx) => ctx.getGlobalJobParameters(),
    );
  t.equal((await parametersOf({ n: 3 })).getInt('n'), 3);
  t.equal((await parametersOf(['--bound', '2 s'])).getDuration('bound'), 2000);
  const given = new JobParameters({ input: 'x', late: 1 });
  t.strictSame((await parametersOf(given)).all(), { input: 'x', late: '1' });
  t.strictSame(given.unused(), [], 'what functions may ask for is not taken for mistyped');
  t.strictSame(
    (
      await opened(
        () => {},
        (ctx) => ctx.getGlobalJobParameters(),
      )
    ).all(),
    {},
  );
});

t.test('parameters are merged, and read from the text of a properties file', (t) => {
  const text = [
    '# a comment',
    '! another',
    'input = flights.jsonl',
    'bound:29 h',
    '  path\\ of\\=it   C:\\\\tmp',
    'list = a, \\',
    '   b',
    'umlaut=\\u00e4\\tx',
    'empty',
    'last=1',
    'last=2',
  ];
  const params = JobParameters.fromProperties(text.join('\r\n'));
  t.strictSame(params.all(), {
    input: 'flights.jsonl',
    bound: '29 h',
    'path of=it': 'C:\\tmp',
    list: 'a, b',
    umlaut: 'ä\tx',
    empty: '',
    last: '2',
  });
  const merged = params.mergeWith(['--last', '3', '--more']);
  t.equal(merged.getInt('last'), 3);
  t.equal(merged.getBoolean('more'), true);
  t.equal(merged.get('input'), 'flights.jsonl');
  t.end();
});
