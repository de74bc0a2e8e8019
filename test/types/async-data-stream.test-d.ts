import {
  AsyncDataStream,
  AsyncRetryStrategies,
  type DataStream,
  type RichAsyncFunction,
  type SingleOutputStreamOperator,
} from '../../core/index.js';

/** Nothing here runs: it compiles, or the types of the API have changed. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_same: Same<A, B>): void {}

export function inference(numbers: DataStream<number>): void {
  const one = AsyncDataStream.orderedWait(numbers, async (n) => ({ n: n.toFixed() }), '1 s');
  same<typeof one, SingleOutputStreamOperator<{ n: string }>>(true);
  const many = AsyncDataStream.unorderedWait(numbers, async (n) => [`${n}`, `${n + 1}`], '1 s', 10);
  same<typeof many, SingleOutputStreamOperator<string>>(true);
  const retried = AsyncDataStream.orderedWaitWithRetry(
    numbers,
    async (n) => n + 1,
    '1 s',
    AsyncRetryStrategies.fixedDelay(3, '1 ms', {
      ifResult: (results: readonly number[]) => results.length === 0,
    }),
  );
  same<typeof retried, SingleOutputStreamOperator<number>>(true);
  const capped = AsyncDataStream.unorderedWaitWithRetry(
    numbers,
    async (n) => n + 1,
    '1 s',
    5,
    AsyncRetryStrategies.exponentialBackoff(3, '1 ms', '1 s', 2),
  );
  same<typeof capped, SingleOutputStreamOperator<number>>(true);
  const rich: RichAsyncFunction<number, string> = {
    asyncInvoke(n, future) {
      queueMicrotask(() => future.complete([`${n}`]));
      return undefined;
    },
    timeout: () => [],
  };
  const completed = AsyncDataStream.orderedWait(numbers, rich, '1 s');
  same<typeof completed, SingleOutputStreamOperator<string>>(true);
  const annotated = AsyncDataStream.orderedWait<number, string>(
    numbers,
    (n, future) => {
      queueMicrotask(() => future.complete([`${n}`]));
    },
    '1 s',
  );
  same<typeof annotated, SingleOutputStreamOperator<string>>(true);
}

export function misuse(numbers: DataStream<number>): void {
  // @ts-expect-error the timeout is mandatory
  AsyncDataStream.orderedWait(numbers, async (n) => n);
  // @ts-expect-error the results have to be promised
  AsyncDataStream.orderedWait(numbers, (n: number) => n, '1 s');
}
