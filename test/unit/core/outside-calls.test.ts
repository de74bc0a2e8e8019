import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import { isMillraceError, type MillraceError } from '../../../core/base/millrace-error.js';
import type { Collector } from '../../../core/operator/collector.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

const SIDE = new OutputTag<number>('side');

/** What the pipeline fails with after one record, and one more turn. */
async function failureOf(describe: HarnessBuild): Promise<MillraceError | undefined> {
  const harness = await PipelineHarness.create(describe);
  try {
    await harness.push('in', 1);
    await new Promise((resolve) => setImmediate(resolve));
    await harness.push('in', 2);
    return undefined;
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  } finally {
    t.strictSame(
      harness.take('out').filter(({ value }) => value === 'outside'),
      [],
      'what was handed on outside goes nowhere',
    );
    await harness.close();
  }
}

const CALLBACKS: readonly (readonly [string, (work: () => void) => void])[] = [
  ['a promise', (work) => void Promise.resolve().then(work)],
  ['a turn of the event loop', (work) => void setImmediate(work)],
];

const later = (run: (work: () => void) => void): Record<string, HarnessBuild> => ({
  process: (_env, io) => {
    io.source<number>('in')
      .process<string>({ processElement: (_n, _ctx, out) => run(() => out.collect('outside')) })
      .name('careless')
      .sinkTo(io.sink('out'));
  },
  'flatMap before others': (_env, io) => {
    io.source<number>('in')
      .flatMap<string>((_n, out) => run(() => out.collect('outside')))
      .name('careless')
      .map((text) => text)
      .flatMap<string>((text, out) => out.collect(text))
      .sinkTo(io.sink('out'));
  },
  'keyed process': (_env, io) => {
    io.source<number>('in')
      .keyBy((n) => n)
      .process<string>({ processElement: (_n, _ctx, out) => run(() => out.collect('outside')) })
      .name('careless')
      .sinkTo(io.sink('out'));
  },
  'side output': (_env, io) => {
    io.source<number>('in')
      .process<string>({ processElement: (n, ctx) => run(() => ctx.output(SIDE, n)) })
      .name('careless')
      .sinkTo(io.sink('out'));
  },
});

for (const [callback, run] of CALLBACKS) {
  for (const [name, describe] of Object.entries(later(run))) {
    t.test(`${name}: a result from ${callback} fails the task, and is told of the operator`, async (t) => {
      const error = await failureOf(describe);
      t.equal(error?.code, 'MR5011');
      t.equal(error?.where.operator, 'careless');
    });
  }
}

t.test('a function may not hand on results through the collector of another one', async (t) => {
  let first: Collector<string> | undefined;
  const error = await failureOf((_env, io) => {
    const lent = io.source<number>('in').process<string>({
      processElement(_n, _ctx, out) {
        first = out;
        out.collect('inside');
      },
    });
    lent.process<string>({ processElement: () => first?.collect('outside') }).sinkTo(io.sink('out'));
  });
  t.equal(error?.code, 'MR5011');
});

t.test('what throws after a side output was written is told of the right operator', async (t) => {
  const error = await failureOf((_env, io) => {
    const sent = io
      .source<number>('in')
      .process<string>({
        processElement(n, ctx) {
          ctx.output(SIDE, n);
          throw new Error('after');
        },
      })
      .name('thrower');
    sent.sinkTo(io.sink('out'));
    sent
      .getSideOutput(SIDE)
      .map((n) => n)
      .name('reader')
      .sinkTo(io.sink('side'));
  });
  t.equal(error?.code, 'MR5001');
  t.equal(error?.where.operator, 'thrower');
});
