import t from 'tap';
import { requirementsByUid, requirementsKept } from '../../../core/job/kept-requirements.js';
import { declaredRequirements } from '../../../core/job/rescale-requirements.js';
import { modelGraph } from '../../model-graph.js';

const graph = modelGraph({ name: 'source', parallelism: 1 }, { name: 'sink', parallelism: 2, inputs: [0] });
const turned = modelGraph({ name: 'sink', parallelism: 2 }, { name: 'source', parallelism: 1, inputs: [0] });
const declared = declaredRequirements(graph);
const wanted = { ...declared, 1: { lowerBound: 1, upperBound: 4 } };
const kept = {
  declared: requirementsByUid(graph, declared),
  wanted: requirementsByUid(graph, wanted),
};

t.test('a job that is started as it was asks for what its rescale had asked for', async (t) => {
  t.same(requirementsKept(graph, declared, kept), wanted);
  t.same(
    requirementsKept(turned, declaredRequirements(turned), kept),
    { 0: { lowerBound: 1, upperBound: 4 }, 1: { lowerBound: 1, upperBound: 1 } },
    'vertices are known by their uid',
  );
});

t.test('one that is started with another parallelism, or with other vertices, does not', async (t) => {
  const other = modelGraph({ name: 'source', parallelism: 1 }, { name: 'sink', parallelism: 3, inputs: [0] });
  t.equal(requirementsKept(other, declaredRequirements(other), kept), undefined);
  const more = modelGraph({ name: 'source', parallelism: 1 });
  t.equal(requirementsKept(more, declaredRequirements(more), kept), undefined);
  t.equal(requirementsKept(graph, declared, { ...kept, declared: {} }), undefined);
});
