import fc from 'fast-check';
import t from 'tap';
import { CollectionSource } from '../../core/api/collection-source.js';
import { HybridSource } from '../../core/api/hybrid-source.js';
import { NumberSequenceSource } from '../../core/api/number-sequence-source.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { build } from '../build.js';
import { check } from '../check.js';
import { InlineJob, RecordingSink } from '../inline-job.js';

/** Three sources, crashed at drawn moments: all of one before any of the next, and each record once. */
t.test('a hybrid source gives each record of its sources once, one source after another', async () => {
  await check(
    'hybrid source',
    fc.asyncProperty(
      fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(30), { maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      async ([first, second, third], parallelism, crashes, budget) => {
        const sink = new RecordingSink<number>();
        const job = build((env) => {
          const source = HybridSource.builder(new CollectionSource(numbers(0, first)))
            .addSource(new NumberSequenceSource(1000, 1000 + second))
            .addSource(new CollectionSource(numbers(2000, third)))
            .build();
          env
            .fromSource(source, WatermarkStrategy.noWatermarks<number>(), 'hybrid')
            .setParallelism(parallelism)
            .sinkTo(sink, 'out')
            .setParallelism(1);
        });
        let inline = await InlineJob.start(job);
        let id = 0;
        for (const polls of crashes) {
          for (let left = polls; left > 0; left--) await inline.poll(budget);
          const checkpoint = await inline.checkpoint(++id);
          await inline.complete(id);
          for (let left = polls % 4; left > 0; left--) await inline.poll(budget);
          inline = await InlineJob.start(job, { restore: checkpoint, attempt: id + 1, world: inline.world });
        }
        sink.values.length = 0;
        for (let polls = 0; await inline.poll(budget); polls++)
          if (polls > 10_000) throw new Error('the job does not come to its end');
        const order = sink.values.map((value) => Math.floor(value / 1000));
        if (order.some((source, index) => source < (order[index - 1] ?? 0)))
          throw new Error(`sources were mixed: ${sink.values.join()}`);
        await inline.checkpoint(++id);
        await inline.complete(id);
        const expected = [...numbers(0, first), ...numbers(1000, second + 1), ...numbers(2000, third)];
        const durable = sink.durable().sort((a, b) => a - b);
        if (durable.join() !== expected.join())
          throw new Error(`${durable.join()} is not ${expected.join()}`);
      },
    ),
  );
});

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
