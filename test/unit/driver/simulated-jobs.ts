import {
  FileSink,
  type KeyedProcessFunction,
  type Sink,
  type Source,
  type StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../actors/index.js';
import {
  InputStatus,
  type ReaderOutput,
  SequentialSourceReader,
  SplitQueueEnumerator,
  type SplitReader,
} from '../../../core/internal.js';
import type { Simulation } from '../../driver/index.js';
import {
  Database,
  type DatabaseIO,
  inRows,
  inTable,
  type Row,
  transactionSink,
  upsertSink,
} from './simulated-sinks.js';

const USERS = 5;
const ORDERS: readonly Row[] = Array.from({ length: 60 }, (_, id) => ({
  id,
  user: `user-${id % USERS}`,
  amount: (id * 7) % 10,
}));
const STRATEGY = WatermarkStrategy.forMonotonousTimestamps<Row>().withTimestampAssigner(({ id }) => id * 100);

/** The job goes to this sink, and this is where to look then. */
export function ordersTo(
  sink: (io: DatabaseIO) => Parameters<ReturnType<typeof ordersOf>['sinkTo']>[0],
  output: (database: Database) => Iterable<Row>,
): Simulation<Database, Row> {
  return {
    world: () => new Database(),
    job: (env, io) => void ordersOf(env, io).sinkTo(sink(io), 'to-db'),
    output,
    expected: ORDERS,
  };
}

function ordersOf(env: StreamExecutionEnvironment, io: DatabaseIO) {
  return env
    .fromSource(io.source(ORDERS), STRATEGY, 'orders')
    .keyBy(({ user }) => user)
    .map((row) => ({ ...row }))
    .uid('copied');
}

type Totals = KeyedProcessFunction<string, Row, Row>;

/** Right: what a user has spent is state. */
function totals(): Totals {
  let total: ValueState<number>;
  return {
    open(ctx) {
      total = ctx.getState(new ValueStateDescriptor('total', types.float64));
    },
    processElement(row, _, out) {
      const amount = (total.value() ?? 0) + row.amount;
      total.update(amount);
      out.collect({ ...row, amount });
    },
  };
}

/** Wrong: what a user has spent is in the function. */
function forgottenTotals(): Totals {
  const known = new Map<string, number>();
  return {
    processElement(row, _, out) {
      const amount = (known.get(row.user) ?? 0) + row.amount;
      known.set(row.user, amount);
      out.collect({ ...row, amount });
    },
  };
}

type RowSink = (io: DatabaseIO) => Sink<Row>;

function totalsBy(create: () => Totals, sink: RowSink = upsertSink): Simulation<Database, Row> {
  return {
    world: () => new Database(),
    job: (env, io) =>
      void env
        .fromSource(io.source(ORDERS, { splits: 1 }), STRATEGY, 'orders')
        .keyBy(({ user }) => user)
        .process(create())
        .uid('totals')
        .sinkTo(sink(io), 'to-db'),
    output: inTable,
  };
}

/** The last total of each user, and nothing else, is to be there in the end. */
export function lastTotals(sink: RowSink): Simulation<Database, Row> {
  return totalsBy(totals, sink);
}

export const keptTotals = totalsBy(totals);
export const lostTotals = totalsBy(forgottenTotals);

/** Of each user and second, into files. */
export const windowsToFiles: Simulation<undefined, string> = {
  world: () => undefined,
  job: (env, io) =>
    void env
      .fromSource(io.source(ORDERS), STRATEGY, 'orders')
      .keyBy(({ user }) => user)
      .window(TumblingEventTimeWindows.of('1 s'))
      .reduce((a, b) => ({ id: a.id, user: a.user, amount: a.amount + b.amount }))
      .uid('sums')
      .map(({ user, amount }) => `${user} ${amount}`)
      .sinkTo(FileSink.textLines('/out'), 'to-files'),
  output: (_, files) => files.lines('/out'),
};

/** Says, a while after a user's last order in event time, how many there were. */
function silence(): KeyedProcessFunction<string, Row, Row> {
  let count: ValueState<number>;
  return {
    open(ctx) {
      count = ctx.getState(new ValueStateDescriptor('count', types.int32));
    },
    processElement(row, ctx) {
      count.update((count.value() ?? 0) + 1);
      ctx.timerService.registerEventTimeTimer(row.id * 100 + 10_000);
    },
    onTimer(timestamp, ctx, out) {
      out.collect({ id: timestamp, user: ctx.currentKey, amount: count.value() ?? 0 });
    },
  };
}

export const timers: Simulation<Database, Row> = {
  world: () => new Database(),
  job: (env, io) =>
    void env
      .fromSource(io.source(ORDERS), STRATEGY, 'orders')
      .keyBy(({ user }) => user)
      .process(silence())
      .uid('silence')
      .sinkTo(upsertSink(io), 'to-db'),
  output: inTable,
};

interface Range {
  readonly next: number;
  readonly end: number;
}

/** A source that is the user's own, in two parts of unequal length. `Reader`: of each part. */
const numbersOf = (Reader: typeof RangeReader): Source<number, Range, readonly Range[]> => ({
  boundedness: 'bounded',
  createEnumerator: (context) =>
    new SplitQueueEnumerator(context, [
      { next: 0, end: 40 },
      { next: 40, end: 60 },
    ]),
  restoreEnumerator: (context, ranges) => new SplitQueueEnumerator(context, ranges),
  createReader: (context) => new SequentialSourceReader(context, (range: Range) => new Reader(range)),
});

class RangeReader implements SplitReader<number, Range> {
  #next: number;
  readonly #end: number;

  constructor({ next, end }: Range) {
    this.#next = next;
    this.#end = end;
  }

  poll(output: ReaderOutput<number>): InputStatus {
    if (this.#next >= this.#end) return InputStatus.END_OF_INPUT;
    output.collect(this.#next++);
    return InputStatus.MORE_AVAILABLE;
  }

  async isAvailable(): Promise<void> {}

  snapshot(): Range {
    return { next: this.#next, end: this.#end };
  }

  close(): void {}
}

/** Wrong: says that it stands where it began. */
class ForgetfulReader extends RangeReader {
  readonly #begin: Range;

  constructor(range: Range) {
    super(range);
    this.#begin = range;
  }

  override snapshot(): Range {
    return this.#begin;
  }
}

function numbersTo(
  Reader: typeof RangeReader,
  sink: RowSink,
): Pick<Simulation<Database, Row>, 'world' | 'job'> {
  return {
    world: () => new Database(),
    job: (env, io) =>
      void env
        .fromSource(numbersOf(Reader), WatermarkStrategy.noWatermarks(), 'numbers')
        .map((id) => ({ id, user: '', amount: id * 2 }))
        .sinkTo(sink(io), 'to-db'),
  };
}

export const ownSource: Simulation<Database, Row> = {
  ...numbersTo(RangeReader, upsertSink),
  output: inTable,
};
export const forgetfulSource: Simulation<Database, Row> = {
  ...numbersTo(ForgetfulReader, transactionSink),
  output: inRows,
};

/** What a function makes of each row, one after another where there is no rescale. */
export function eachOrder(create: () => (row: Row) => Row): Simulation<Database, Row> {
  return {
    world: () => new Database(),
    job: (env, io) =>
      void env
        .fromSource(io.source(ORDERS, { splits: 1 }), STRATEGY, 'orders')
        .setParallelism(1)
        .map(create())
        .setParallelism(1)
        .sinkTo(upsertSink(io), 'to-db')
        .setParallelism(1),
    output: inTable,
  };
}
