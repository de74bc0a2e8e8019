import t from 'tap';
import { AdaptiveScaling } from '../../../core/job/adaptive-scaling.js';
import { limitWithin, reactiveRequirements, slotsWithin } from '../../../core/job/rescale-requirements.js';
import { modelGraph } from '../../model-graph.js';

const CONFIG = { waitingStabilizationMs: 10, cooldownMs: 30, runningStabilizationMs: 60 };

t.test('a job that waits runs with fewer slots when no more have come for a while', async (t) => {
  const scaling = new AdaptiveScaling(CONFIG);
  scaling.onWaiting(100);
  t.same(scaling.decide({ present: 4, attainable: undefined, desired: 4 }, 100), { type: 'rest' });
  t.same(scaling.decide({ present: 4, attainable: 1, desired: 4 }, 105), { type: 'look', delayMs: 10 });
  t.same(scaling.decide({ present: 4, attainable: 2, desired: 4 }, 112), { type: 'look', delayMs: 10 });
  t.same(scaling.decide({ present: 4, attainable: 2, desired: 4 }, 122), { type: 'rescale' });
});

t.test('a job that waits is given all it asks for at once', async (t) => {
  const scaling = new AdaptiveScaling(CONFIG);
  scaling.onWaiting(0);
  t.same(scaling.decide({ present: 2, attainable: 4, desired: 4 }, 0), { type: 'rescale' });
  t.same(
    scaling.decide({ present: 4, attainable: 4, desired: 4 }, 0),
    { type: 'rest' },
    'it has what it takes',
  );
});

t.test(
  'a job that runs makes use of all it asks for at once, of less when it is patient no more',
  async (t) => {
    const scaling = new AdaptiveScaling(CONFIG);
    scaling.onRunning();
    t.same(scaling.decide({ present: 2, attainable: 1, desired: 4 }, 0), { type: 'rest' }, 'never fewer');
    t.same(scaling.decide({ present: 2, attainable: 3, desired: 4 }, 5), { type: 'look', delayMs: 60 });
    t.same(scaling.decide({ present: 2, attainable: 4, desired: 4 }, 6), { type: 'rescale' });
  },
);

t.test('between two rescales of a job that runs lies the cooldown', async (t) => {
  const scaling = new AdaptiveScaling(CONFIG);
  t.same(scaling.decide({ present: 1, attainable: 2, desired: 2 }, 0), { type: 'rescale' });
  t.same(scaling.decide({ present: 2, attainable: 4, desired: 4 }, 10), { type: 'look', delayMs: 20 });
  t.same(scaling.decide({ present: 2, attainable: 3, desired: 4 }, 12), { type: 'look', delayMs: 78 });
  t.same(scaling.decide({ present: 2, attainable: 4, desired: 4 }, 30), { type: 'rescale' });
});

t.test('the parallelism that so many slots allow', async (t) => {
  const graph = modelGraph(
    { name: 'source', parallelism: 1 },
    { name: 'map', parallelism: 8, inputs: [0] },
    { name: 'sink', parallelism: 4, inputs: [1] },
  );
  const other = {
    ...graph,
    vertices: graph.vertices.map((vertex) =>
      vertex.name === 'sink' ? { ...vertex, slotSharingGroup: 'own' } : vertex,
    ),
  };
  const requirements = {
    0: { lowerBound: 1, upperBound: 1 },
    1: { lowerBound: 2, upperBound: 8 },
    2: { lowerBound: 1, upperBound: 4 },
  };
  t.equal(limitWithin(graph, requirements, 5), 5);
  t.equal(limitWithin(graph, requirements, 100), 8);
  t.equal(limitWithin(graph, requirements, 1), undefined, 'the lower bound of one is 2');
  t.equal(limitWithin(other, requirements, 7), 3, 'two groups share what there is');
  t.equal(slotsWithin(other, requirements, 3), 6);
  t.equal(limitWithin(other, requirements, Number.POSITIVE_INFINITY), 8);
  t.match(reactiveRequirements(graph)[1], { lowerBound: 1, upperBound: 128 });
});
