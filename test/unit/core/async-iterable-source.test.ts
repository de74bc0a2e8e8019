import { Readable } from 'node:stream';
import t from 'tap';
import type { IterableResumption, OpenIterable } from '../../../core/api/async-iterable-source.js';
import { HybridSource } from '../../../core/api/hybrid-source.js';
import { NumberSequenceSource } from '../../../core/api/number-sequence-source.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { types } from '../../../core/serde/types.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';

function jobOf<T>(open: OpenIterable<T>, sink: RecordingSink<T>) {
  return build((env: StreamExecutionEnvironment) => {
    env.fromAsyncIterable(open, {}, 'numbers').sinkTo(sink, 'out');
  });
}

async function* countTo(end: number, from = 0): AsyncGenerator<number> {
  for (let n = from; n < end; n++) {
    if (n % 5 === 0) await null;
    yield n;
  }
}

/** Streams of Node need turns of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);

t.test('async generators, Readables and plain iterables are read to their end, in order', async (t) => {
  for (const open of [() => countTo(1000), () => Readable.from(upTo(1000)), () => upTo(1000)]) {
    const sink = new RecordingSink<number>();
    const inline = await InlineJob.start(jobOf<number>(open, sink));
    while (await inline.poll(64)) await turn();
    t.same(sink.values, upTo(1000));
  }
});

t.test('it reads ahead by a bounded number of records', async (t) => {
  let given = 0;
  async function* numbers(): AsyncGenerator<number> {
    for (;;) yield given++;
  }
  const sink = new RecordingSink<number>();
  const inline = await InlineJob.start(jobOf<number>(numbers, sink));
  for (let i = 0; i < 3; i++) await inline.poll(1);
  for (let i = 0; i < 2000; i++) await null;
  t.ok(given > 0 && given <= 257, `${given}`);
});

t.test('after a restore it is opened anew, and told how much of it the checkpoint holds', async (t) => {
  const opened: IterableResumption[] = [];
  const open = (resumption: IterableResumption) => {
    opened.push(resumption);
    return countTo(100, resumption.read);
  };
  const sink = new RecordingSink<number>();
  const job = jobOf<number>(open, sink);
  const first = await InlineJob.start(job);
  while (sink.values.length < 30) await first.poll(10);
  const restore = await first.checkpoint(1);
  await first.complete(1);
  const count = sink.values.length;
  const second = await InlineJob.start(job, { restore, attempt: 2 });
  await second.run();
  t.same(opened, [{ read: 0 }, { read: count }]);
  t.same(sink.values, upTo(100));
});

t.test('what it throws fails the job, once what came before has been handed on', async (t) => {
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw new Error('line cut');
  }
  const sink = new RecordingSink<number>();
  const inline = await InlineJob.start(jobOf<number>(broken, sink));
  await t.rejects(inline.run(), { message: 'line cut' });
  t.same(sink.values, [1]);
});

t.test('a job with such a source says at its start that it is at-most-once', async (t) => {
  const { graph } = jobOf<number>(() => countTo(1), new RecordingSink<number>());
  t.match(graph.warnings, [/'Source: numbers' cannot be read again: the job is at-most-once/]);
  t.same(
    build((env) => {
      env.fromData([1], types.int32).sinkTo(new RecordingSink<number>(), 'out');
    }).graph.warnings,
    [],
  );
});

t.test('what makes no sense is refused', async (t) => {
  t.throws(() => jobOf<number>(countTo(1) as never, new RecordingSink<number>()), { code: 'MR1001' });
  const endless = { ...new NumberSequenceSource(1, 2), boundedness: 'continuous-unbounded' };
  t.throws(() => HybridSource.builder(endless as never), { code: 'MR1001' });
  const builder = HybridSource.builder(
    Object.assign(new NumberSequenceSource(1, 2), { boundedness: 'continuous-unbounded' as const }) as never,
  );
  t.throws(() => builder.addSource(new NumberSequenceSource(1, 2) as never), {
    code: 'MR1001',
    message: /never ends/,
  });
});
