import t, { type Test } from 'tap';
import { type Simulation, simulate } from '../../driver/index.js';
import { eachOrder, forgetfulSource, lastTotals, ordersTo } from './simulated-jobs.js';
import {
  forgettingCommitterSink,
  inRows,
  insertSink,
  inTable,
  lastOfUserSink,
  refusingSink,
} from './simulated-sinks.js';

t.setTimeout(900_000);

/** Within so many seeds what is wrong shows. */
const SEEDS = 20;

/** The first failure, with faults that are drawn. */
async function failureOf<W, R>(t: Test, simulation: Simulation<W, R>): Promise<string> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { failure } = await simulate({ ...simulation, seed });
    if (failure !== undefined) return failure.message;
  }
  t.fail(`${SEEDS} seeds have not caught it`);
  return '';
}

t.test('a source that begins again where it began is told from a sink', async (t) => {
  const message = await failureOf(t, forgetfulSource);
  t.match(
    message,
    /from checkpoint \d+, which holds it, and made it again.*What to do: What the checkpoint holds/,
  );
  t.match(message, /`snapshot` has to return where it stands/);
  t.notMatch(message, /idempotently/);
});

t.test('a commit that comes again is of a checkpoint that holds it', async (t) => {
  const message = await failureOf(t, ordersTo(forgettingCommitterSink, inRows));
  t.match(message, /which holds it, and made it again.*has to know a commit that comes again/);
});

t.test('what is shown at once is in no checkpoint that was before', async (t) => {
  const message = await failureOf(t, ordersTo(insertSink, inRows));
  t.match(message, /which does not hold it, and made it again.*What to do: What a sink shows before/);
});

t.test('a process that writes late comes first', async (t) => {
  const message = await failureOf(t, { ...lastTotals(lastOfUserSink), faultKinds: ['takeOver'] });
  t.match(message, /it came in turn \d+ from 'Sink: to-db' of a process that had been taken over/);
  t.match(message, /What to do: A process that stood still may go on.*`epoch`/);
});

t.test('an operator that was alone, and was rescaled, is told', async (t) => {
  const numbered = eachOrder(() => {
    let id = 0;
    return (row) => ({ ...row, id: id++ });
  });
  const message = await failureOf(t, { ...numbered, faultKinds: ['rescaleJob'] });
  t.match(message, /In turn \d+ rescaleJob gave '.*Map.*' the parallelism \d, where it had been 1\./);
  t.match(message, /What to do: A rescale gives each operator another parallelism.*forceNonParallel\(\)/);
});

t.test('results that are others each time are told, and nothing else is blamed', async (t) => {
  let chance = 0;
  const simulation = eachOrder(() => (row) => ({ ...row, amount: chance++ }));
  const { results: expected } = await simulate({ ...simulation, faults: [] });
  for (const given of [{ faults: [] }, {}, { expected }]) {
    const { failure } = await simulate({ ...simulation, ...given });
    t.match(failure?.message, /Why: Two runs without any fault come to different results.*hang on chance/);
    t.notMatch(failure?.message, /after a recovery|So it is/);
  }
});

t.test('what always throws is not laid on a recovery', async (t) => {
  const simulation = eachOrder(() => () => {
    throw new Error('no map today');
  });
  for (const given of [{ faults: [] }, {}, { expected: [] }]) {
    const { failure } = await simulate({ ...simulation, ...given });
    t.match(failure?.message, /no map today\. So it is without any fault\. What to do: No fault is to blame/);
  }
});

t.test('what throws after a recovery alone is laid on it', async (t) => {
  const message = await failureOf(t, ordersTo(refusingSink, inTable));
  t.match(message, /There is a row \d+\. What to do: User code must bear to be called again/);
});
