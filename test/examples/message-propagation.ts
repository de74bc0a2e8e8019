import { defineJob, MapStateDescriptor, types } from 'millrace';

/** A state of one value: all of it lies under the only key that `types.void` has. */
const latest = new MapStateDescriptor('latest', types.void, types.string);

/**
 * How records come from one operator to the next: forward, by the hash of a key, in turn, and each to all. Two
 * subtasks, whose numbers stand before what they print, so that one sees who was given what.
 */
export default defineJob(import.meta.url, (env) => {
  env.setParallelism(2);
  const integers = env.fromData([1, 2, 3, 4, 5, 6], types.int32).uid('integers');
  const letters = env.fromData(['A', 'B', 'C'], types.string).uid('letters');

  // To the subtask of the same index. A collection is read by one subtask, so there is one here, too.
  integers
    .forward()
    .map((n) => n * 2)
    .setParallelism(1)
    .print('Forward')
    .setParallelism(1);

  // All records of a key to one subtask; by their hashes it is the same one for these two keys.
  integers
    .map((n) => [n, n % 2])
    .keyBy(([, remainder]) => remainder)
    .print('Hash');

  // To the subtasks in turn.
  integers
    .rebalance()
    .map((n) => n * 3)
    .print('Rebalance');

  // Each letter to every subtask, which keeps the last one; of the numbers each goes to one of them.
  integers
    .connect(letters.broadcast(latest))
    .process<string>({
      processElement(n, _ctx, out) {
        out.collect(String(n));
      },
      processBroadcastElement(letter, ctx, out) {
        ctx.getBroadcastState(latest).put(undefined, letter);
        out.collect(`Broadcasted: ${letter}`);
      },
    })
    .uid('broadcast')
    .print('Broadcast');
});
