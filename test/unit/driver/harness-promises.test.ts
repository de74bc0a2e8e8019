import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import t from 'tap';
import { type Sink, types } from '../../../core/index.js';
import { PipelineHarness } from '../../driver/index.js';

const values = (records: readonly { readonly value: unknown }[]): unknown[] =>
  records.map(({ value }) => value);

/** Its writer is busy after each record until the promise for it settles. */
function slowSink(busy: (value: number) => Promise<void>, seen: number[]): Sink<number> {
  return {
    createWriter: () => {
      let waiting: Promise<void> | undefined;
      return {
        write: (value) => {
          seen.push(value);
          const promise = busy(value);
          waiting = promise;
          const done = () => {
            if (waiting === promise) waiting = undefined;
          };
          promise.then(done, done);
        },
        get busy() {
          return waiting;
        },
        flush: () => {},
      };
    },
  };
}

t.test('promises of the pipeline are waited for, be it over many turns of the event loop', async (t) => {
  const seen: number[] = [];
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const disk = async (): Promise<void> => {
    await access(tmpdir());
  };
  const h = await PipelineHarness.create((_env, io) => {
    const numbers = io.source('in', types.int32);
    numbers.sinkTo(slowSink((n) => (n === 1 ? disk() : turns(n)), seen));
    numbers.map((n) => n).sinkTo(io.sink('out'));
  });
  for (const n of [1, 2, 1, 3]) await h.push('in', n);
  t.same(seen, [1, 2, 1, 3]);
  t.same(values(h.take('out')), [1, 2, 1, 3]);
  await h.close();
});

t.test('a promise that never settles stops neither the harness nor its end', async (t) => {
  const seen: number[] = [];
  let settle = (): void => {};
  const h = await PipelineHarness.create((_env, io) => {
    io.source('in', types.int32).sinkTo(
      slowSink(
        () =>
          new Promise((resolve) => {
            settle = resolve;
          }),
        seen,
      ),
    );
  });
  await h.push('in', 1);
  await h.push('in', 2);
  t.same(seen, [1], 'the second waits behind it');
  await t.rejects(h.snapshot(), { code: 'MR3007', why: /does not settle/ });
  settle();
  await h.advanceProcessingTime(0);
  t.same(seen, [1, 2]);
  await h.close();
});
