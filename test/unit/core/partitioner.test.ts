import t from 'tap';
import { keyGroupOf, subtaskOfKeyGroup } from '../../../core/graph/key-group.js';
import { customPartitioning, hashPartitioning, PARTITIONINGS } from '../../../core/graph/partitioning.js';
import { refused } from '../../refused.js';

const ends = { edge: 3, producers: 2, consumers: 4, maxParallelism: 128 };

t.test('forward stays in its lane', async (t) => {
  t.equal(PARTITIONINGS.forward.create(4, 2, ends).selectChannel('x'), 2);
  t.equal(PARTITIONINGS.forward.create(1, 2, ends).selectChannel('x'), 0, 'the only channel there is');
});

t.test('rebalance goes round, each producer from another start', async (t) => {
  const from = (subtask: number) => {
    const partitioner = PARTITIONINGS.rebalance.create(3, subtask, ends);
    return [1, 2, 3, 4].map((value) => partitioner.selectChannel(value));
  };
  t.strictSame(from(0), [0, 1, 2, 0]);
  t.strictSame(from(1), [1, 2, 0, 1]);
  t.strictSame(from(5), [2, 0, 1, 2]);
});

t.test('rescale gives each producer its share', async (t) => {
  const reached = (producers: number, channels: number) =>
    Array.from({ length: producers }, (_, subtask) => {
      const partitioner = PARTITIONINGS.rescale.create(channels, subtask, { ...ends, producers });
      return [...new Set(Array.from({ length: 10 }, (_, value) => partitioner.selectChannel(value)))];
    });
  t.strictSame(reached(2, 4), [
    [0, 1],
    [2, 3],
  ]);
  t.strictSame(reached(4, 2), [[0], [0], [1], [1]]);
  t.strictSame(reached(2, 5), [
    [0, 1],
    [2, 3, 4],
  ]);
});

t.test('global goes to the first, broadcast to all', async (t) => {
  t.equal(PARTITIONINGS.global.create(4, 3, ends).selectChannel('x'), 0);
  const broadcast = PARTITIONINGS.broadcast.create(4, 3, ends);
  t.ok(broadcast.isBroadcast);
  t.equal(refused(() => broadcast.selectChannel('x')).code, 'MR9001');
});

t.test('shuffle reaches every channel, and draws the same in a replay', async (t) => {
  const draw = (subtask: number) => {
    const partitioner = PARTITIONINGS.shuffle.create(4, subtask, ends);
    return Array.from({ length: 100 }, () => partitioner.selectChannel('x'));
  };
  t.strictSame(new Set(draw(0)).size, 4);
  t.strictSame(draw(1), draw(1));
  t.notSame(draw(0), draw(1));
});

t.test('a record goes to the subtask that owns the key group of its key', async (t) => {
  const partitioner = hashPartitioning((value: { key: unknown }) => value.key).create(4, 0, ends);
  for (const [key, subtask] of [
    [0, 2],
    [2, 3],
    [42, 0],
    ['hello', 1],
    ['flink', 3],
  ]) {
    t.equal(partitioner.selectChannel({ key }), subtask, String(key));
    t.equal(subtaskOfKeyGroup(keyGroupOf(key, 128), 4, 128), subtask);
  }
});

t.test('a custom partitioner names an existing channel', async (t) => {
  const create = (channel: unknown) =>
    customPartitioning(
      () => channel as number,
      (value) => value,
    ).create(4, 0, ends);
  t.equal(create(3).selectChannel('x'), 3);
  for (const bad of [4, -1, 1.5, undefined, '1']) {
    t.match(refused(() => create(bad).selectChannel('x')).message, /MR1001.*from 0 to 3/);
  }
});
