import t from 'tap';
import {
  AsyncDataStream,
  ListStateDescriptor,
  type Source,
  type StreamExecutionEnvironment,
  types,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../core/index.js';
import {
  buildJob,
  FileCache,
  JobParameters,
  type StoredStates,
  surveyState,
} from '../../../core/internal.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { interpretedCodecs } from '../../keyed-state.js';
import { OperatorWorld } from '../../operator-world.js';

/** What restoring would do with what is stored, by the job's own word. */
function surveyed(build: (env: StreamExecutionEnvironment) => void, stored: Record<string, StoredStates>) {
  const job = buildJob({ url: 'file:///surveyed.js', build }, new JobParameters({}));
  const { clock, completions, fileSystem, metrics } = new OperatorWorld().context({});
  const request = { operatorUid: 'u', subtaskIndex: 0, attempt: 1, managedBytes: 0, restore: undefined };
  return surveyState(job, stored, {
    codecs: interpretedCodecs,
    clock,
    completions,
    fileSystem,
    metrics,
    distributedCache: new FileCache(),
    openStore: (keyGroups) =>
      new HeapStateBackend().open({ ...request, keyGroups, reader: { read: () => nothing() } }),
  });
}

async function* nothing(): AsyncIterable<Uint8Array> {}

let opened = 0;
let closed = 0;

function describe(env: StreamExecutionEnvironment): void {
  const words = env.fromCollection(['a', 'b'], types.string);
  words
    .keyBy((word) => word, types.string)
    .process<string>({
      open(ctx) {
        opened++;
        ctx.getState(new ValueStateDescriptor('same', types.int32));
        ctx.getState(new ValueStateDescriptor('wider', types.float64));
        ctx.getState(new ValueStateDescriptor('other', types.boolean));
        ctx.getState(new ValueStateDescriptor('fresh', types.boolean));
      },
      processElement: () => {},
      close: () => {
        closed++;
      },
    })
    .uid('keyed');
  words
    .process<string>({
      initializeState(ctx) {
        ctx
          .getOperatorStateStore()
          .getListState(new ListStateDescriptor('list', types.optional(types.int32)));
      },
      processElement: () => {},
    })
    .uid('listed');
  words
    .process<string>({
      open() {
        throw new Error('There is no such server.');
      },
      processElement: () => {},
    })
    .uid('silent');
  words
    .process<string>({
      open() {
        throw new Error('Nobody is to ask.');
      },
      processElement: () => {},
    })
    .uid('stateless');
  words
    .keyBy((word) => word.length, types.int32)
    .reduce((a) => a)
    .uid('other-keys')
    .print();
}

function nobody(): never {
  throw new Error('Nobody is to ask.');
}

t.test('types of what sources and sinks keep are compared, and nobody is asked', async (t) => {
  const split = types.object({ at: types.float64 });
  const source: Source<string, { at: number }, { at: number }[]> = {
    boundedness: 'bounded',
    splitType: split,
    enumeratorStateType: types.array(split),
    createEnumerator: nobody,
    restoreEnumerator: nobody,
    createReader: nobody,
  };
  const survey = await surveyed(
    (env) => {
      env
        .fromSource(source, WatermarkStrategy.noWatermarks(), 'words')
        .uid('words')
        .sinkTo(
          { createWriter: () => ({ write: () => {}, flush: () => {} }), writerStateType: split },
          'sink',
        )
        .uid('sink');
    },
    {
      words: {
        tables: {},
        lists: { 'splits:{at:int32}': 'split', 'event-time': 'watermark' },
        enumerator: '[{to:int32}]',
      },
      sink: { tables: {}, lists: { 'writer-state:{at:float64}': 'split', committables: 'together' } },
    },
  );
  t.same(
    survey.states.map(({ uid, state, outcome }) => `${uid} ${state} ${outcome}`),
    [
      'words splits migrate',
      'words enumerator refuse',
      'sink writer-state as-is',
      'sink committables refuse',
    ],
  );
  t.match(survey.states[1]?.why, /state of the split enumerator, field '\[\]\.at', is stored as nothing/);
  t.match(survey.states[3]?.why, /the sink has no committer/);
});

t.test(
  'requests under way that name no type are of the declared one, as when they are restored',
  async (t) => {
    const survey = await surveyed(
      (env) => {
        const words = env.fromCollection(['a'], types.string);
        AsyncDataStream.orderedWait(words, { asyncInvoke: nobody }, '1 s').uid('asked').print();
      },
      { asked: { tables: {}, lists: { requests: 'split' } } },
    );
    t.match(survey.states, [{ uid: 'asked', stored: 'string', declared: 'string', outcome: 'as-is' }]);
  },
);

t.test('operators with stored states are asked, and the others are not', async (t) => {
  const survey = await surveyed(describe, {
    keyed: {
      tables: {
        'state:same': 'value<int32>',
        'state:wider': 'value<int32>',
        'state:other': 'value<int32>',
        'state:gone': 'value<int32>',
        keys: 'keys<string>',
      },
      lists: {},
    },
    listed: { tables: {}, lists: { 'state:["list","list<int32>"]': 'split' } },
    silent: { tables: {}, lists: { 'state:["list","list<int32>"]': 'split' } },
    stateless: { tables: {}, lists: { accumulators: 'split' } },
    'other-keys': { tables: { 'state:reduced': 'value<string>', keys: 'keys<string>' }, lists: {} },
  });
  const outcomes = survey.states.map(({ uid, state, outcome }) => `${uid} ${state} ${outcome}`);
  t.same(outcomes.sort(), [
    'keyed other refuse',
    'keyed same as-is',
    'keyed wider migrate',
    'listed list migrate',
    'other-keys  refuse',
  ]);
  const whyOf = (wanted: string) =>
    survey.states.find(({ uid, why }) => uid === wanted && why !== undefined)?.why;
  t.match(whyOf('keyed'), /'other' is stored as int32, and declared as boolean/);
  t.match(whyOf('other-keys'), /under keys of type string, and is looked for under keys of type int32/);
  t.same(survey.silent, { silent: 'There is no such server.' });
  t.same([opened, closed], [1, 1]);
});
