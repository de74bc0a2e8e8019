import t from 'tap';
import type { KeyedStream } from '../../../core/api/keyed-stream.js';
import type { SingleOutputStreamOperator } from '../../../core/api/single-output-stream-operator.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { types } from '../../../core/serde/types.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { refused } from '../../refused.js';

interface Trip {
  readonly id: number;
  readonly car: { readonly plate: string; readonly owner?: string | undefined };
  readonly fare: number;
}

const TRIP = types.object({
  id: types.int32,
  car: types.object({ plate: types.string, owner: types.optional(types.string) }),
  fare: types.float64,
});

const TRIPS: readonly Trip[] = [
  { id: 1, car: { plate: 'x', owner: 'o' }, fare: 5 },
  { id: 2, car: { plate: 'x' }, fare: 3 },
  { id: 3, car: { plate: 'y' }, fare: 9 },
  { id: 4, car: { plate: 'x' }, fare: 3 },
  { id: 5, car: { plate: 'x' }, fare: 8 },
];

async function run<R>(
  builder: (env: StreamExecutionEnvironment) => SingleOutputStreamOperator<R>,
): Promise<R[]> {
  const sink = new RecordingSink<R>();
  const job = await InlineJob.start(build((env) => void builder(env).sinkTo(sink, 'out')));
  await job.run();
  return sink.values;
}

const byPlate = (env: StreamExecutionEnvironment, isDeclared: boolean): KeyedStream<Trip, string> =>
  env.fromData<Trip>(TRIPS, isDeclared ? TRIP : undefined).keyBy('car.plate');

t.test(
  'sums, least and greatest values roll on by key, and the other fields are of the first record',
  async (t) => {
    for (const isDeclared of [true, false]) {
      const sums = await run((env) => byPlate(env, isDeclared).sum('fare'));
      t.strictSame(
        sums.map(({ id, car, fare }) => `${id} ${car.plate} ${fare}`),
        ['1 x 5', '1 x 8', '3 y 9', '1 x 11', '1 x 19'],
      );
      const least = await run((env) => byPlate(env, isDeclared).min('fare'));
      t.strictSame(
        least.map(({ id, fare }) => [id, fare]),
        [
          [1, 5],
          [1, 3],
          [3, 9],
          [1, 3],
          [1, 3],
        ],
      );
      const greatest = await run((env) => byPlate(env, isDeclared).max('fare'));
      t.strictSame(
        greatest.map(({ id, fare }) => [id, fare]),
        [
          [1, 5],
          [1, 5],
          [3, 9],
          [1, 5],
          [1, 8],
        ],
      );
    }
  },
);

t.test('minBy and maxBy give whole records, of equal ones the first or the last', async (t) => {
  const ids = async (
    fold: (keyed: KeyedStream<Trip, string>) => SingleOutputStreamOperator<Trip>,
  ): Promise<number[]> => (await run((env) => fold(byPlate(env, true)))).map(({ id }) => id);
  t.strictSame(await ids((keyed) => keyed.minBy('fare')), [1, 2, 3, 2, 2]);
  t.strictSame(await ids((keyed) => keyed.minBy('fare', false)), [1, 2, 3, 4, 4]);
  t.strictSame(await ids((keyed) => keyed.maxBy('fare')), [1, 1, 3, 1, 5]);
  t.strictSame(await ids((keyed) => keyed.maxBy('id')), [1, 2, 3, 4, 5]);
});

t.test('streams of numbers need no field', async (t) => {
  const of = (fold: (keyed: KeyedStream<number, number>) => SingleOutputStreamOperator<number>) =>
    run((env) => fold(env.fromData([3, 1, 2]).keyBy(() => 0)));
  t.strictSame(await of((keyed) => keyed.sum()), [3, 4, 6]);
  t.strictSame(await of((keyed) => keyed.min()), [3, 1, 1]);
  t.strictSame(await of((keyed) => keyed.max()), [3, 3, 3]);
  t.strictSame(await of((keyed) => keyed.minBy()), [3, 1, 1]);
  t.strictSame(await of((keyed) => keyed.maxBy()), [3, 3, 3]);
});

t.test('a nested field is replaced in a copy', async (t) => {
  const values = [{ at: { n: 1n, m: 'a' } }, { at: { n: 2n, m: 'b' } }];
  const sums = await run((env) =>
    env
      .fromData(values)
      .keyBy(() => 'all')
      .sum('at.n'),
  );
  t.strictSame(sums, [{ at: { n: 1n, m: 'a' } }, { at: { n: 3n, m: 'a' } }]);
  t.strictSame(values[0], { at: { n: 1n, m: 'a' } });
});

t.test('values without an order or a sum are refused', async (t) => {
  const of = (field: string, method: 'sum' | 'min') =>
    run((env) => {
      const keyed = env.fromData([{ f: 1 }, { f: 'a' }, { f: null }] as { f: unknown }[]).keyBy(() => 0);
      return keyed[method](field as never);
    });
  await t.rejects(of('f', 'sum'), {
    code: 'MR2002',
    message: /The field 'f' is number in one record and string/,
  });
  await t.rejects(of('f', 'min'), { code: 'MR2002' });
});

t.test('project keeps the fields that are named, and their types', async (t) => {
  const projected = await run((env) => env.fromData<Trip>(TRIPS, TRIP).project('id', 'car'));
  t.strictSame(projected[1], { id: 2, car: { plate: 'x' } });
  const { graph } = build((env) => {
    const trips = env.fromData<Trip>(TRIPS, TRIP);
    trips.project('id', 'car').rebalance().print().setParallelism(2);
    trips.keyBy('car.owner').sum('fare').uid('fares').rebalance().print().setParallelism(3);
    env.fromData(TRIPS).project('id').rebalance().print().setParallelism(2);
  });
  t.strictSame(
    graph.edges.map(({ typeId }) => typeId),
    [
      '{id:int32,car:{plate:string,owner:string?}}',
      '{id:int32,car:{plate:string,owner:string?},fare:float64}',
      '{id:int32,car:{plate:string,owner:string?},fare:float64}',
      'dynamic',
    ],
  );
});

t.test('fields that declared records lack are refused when the job is built', async (t) => {
  const wrong: readonly ((env: StreamExecutionEnvironment) => unknown)[] = [
    (env) => env.fromData<Trip>(TRIPS, TRIP).keyBy('car.colour' as never),
    (env) => env.fromData<Trip>(TRIPS, TRIP).keyBy('car..plate' as never),
    (env) => env.fromData<Trip>(TRIPS, TRIP).keyBy('' as never),
    (env) => byPlate(env, true).sum('id.x' as never),
    (env) => byPlate(env, true).maxBy('tip' as never),
    (env) => env.fromData<Trip>(TRIPS, TRIP).project('tip' as never),
    (env) => env.fromData<Trip>(TRIPS, TRIP).keyBy(7 as never),
  ];
  for (const builder of wrong)
    t.equal(refused(() => build((env) => builder(env) as undefined)).code, 'MR1001');
});
