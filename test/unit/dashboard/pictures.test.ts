import t from 'tap';
import type { PlanNode, TaskManager } from '../../../actors/dashboard/model/flink-json.js';
import {
  layOut,
  NODE_HEIGHT,
  NODE_WIDTH,
  type PlacedNode,
  pathThrough,
} from '../../../actors/dashboard/model/graph-layout.js';
import { atLeast, logLine } from '../../../actors/dashboard/model/log-line.js';
import { memoryLeaves, memoryParts, numberIn } from '../../../actors/dashboard/model/memory-parts.js';
import { jobLink, routeOf, vertexLink } from '../../../actors/dashboard/model/route.js';
import { RecordedCluster } from '../../dashboard/recorded-cluster.js';
import { PACES } from '../../dashboard/recorded-paces.js';

const PLAN: readonly PlanNode[] = PACES.map(({ id, parallelism, inputs }) => ({
  id,
  parallelism,
  inputs: inputs.map(([from, ship_strategy]) => ({ id: from, ship_strategy })),
}));

function overlap(a: PlacedNode, b: PlacedNode): boolean {
  return Math.abs(a.left - b.left) < NODE_WIDTH && Math.abs(a.top - b.top) < NODE_HEIGHT;
}

for (const direction of ['right', 'down'] as const) {
  t.test(`a graph that goes ${direction} has no box over another, and records go that way`, async (t) => {
    const { nodes, edges, width, height } = layOut(PLAN, direction);
    const at = new Map(nodes.map((node) => [node.id, node]));
    nodes.forEach((a, i) => {
      t.notOk(
        nodes.slice(i + 1).some((b) => overlap(a, b)),
        a.id,
      );
      t.ok(a.left >= 0 && a.top >= 0 && a.left + NODE_WIDTH <= width && a.top + NODE_HEIGHT <= height);
    });
    t.equal(edges.length, 5);
    const axis = direction === 'right' ? 'left' : 'top';
    for (const { source, target } of edges) {
      t.ok((at.get(source)?.[axis] ?? 0) < (at.get(target)?.[axis] ?? 0), `${source} before ${target}`);
    }
  });
}

t.test('two edges between the same vertices are two lines; one from nowhere is none', async (t) => {
  const input = { id: 'a', ship_strategy: 'HASH' };
  const { edges } = layOut(
    [
      { id: 'a', parallelism: 1 },
      { id: 'b', parallelism: 1, inputs: [input, input, { id: 'gone' }] },
    ],
    'right',
  );
  t.equal(edges.length, 2);
  t.not(edges[0]?.label.y, edges[1]?.label.y);
});

t.test('a line goes from its first point to its last', async (t) => {
  const points = [0, 10, 20].map((x) => ({ x, y: x }));
  t.equal(pathThrough(points), 'M0,0Q10,10 20,20');
  t.equal(pathThrough(points.slice(1)), 'M10,10L20,20');
  t.equal(pathThrough([]), '');
});

t.test('the parts of the memory plan sum up', async (t) => {
  const { taskmanagers } = new RecordedCluster(0, 1, 'RUNNING').answer('/taskmanagers') as {
    taskmanagers: readonly TaskManager[];
  };
  const memory = taskmanagers[0]?.memoryConfiguration;
  if (memory === undefined) throw new Error('The recorded task manager has no memory plan.');
  const whole = memoryParts(memory);
  const sum = memoryLeaves(whole).reduce((total, { bytes }) => total + bytes, 0);
  t.equal(sum, whole.bytes);
  t.equal(memoryLeaves(whole).length, 8);
  t.equal(numberIn({ heapUsed: 5, heapMax: -1, text: 'x' }, 'heapUsed'), 5);
  t.equal(numberIn({ heapMax: -1 }, 'heapMax'), undefined, 'unknown, as Flink says it');
  t.equal(numberIn(undefined, 'heapUsed'), undefined);
});

t.test('an address leads to a page, and a link to its address', async (t) => {
  t.strictSame(routeOf(''), { page: 'overview' });
  t.strictSame(routeOf('#/jobs'), { page: 'jobs' });
  t.strictSame(routeOf(jobLink('ab', 'checkpoints')), { page: 'job', jobId: 'ab', tab: 'checkpoints' });
  t.strictSame(routeOf('#/jobs/ab'), { page: 'job', jobId: 'ab', tab: 'graph' });
  t.strictSame(routeOf(vertexLink('a/b', 'c%')), { page: 'vertex', jobId: 'a/b', vertexId: 'c%' });
  t.strictSame(routeOf('#/jobs/ab/nonsense'), { page: 'unknown' });
  t.strictSame(routeOf('#/nonsense'), { page: 'unknown' });
  t.strictSame(routeOf('#/jobs/%zz'), { page: 'job', jobId: '%zz', tab: 'graph' });
});

t.test('a line of a log is JSON, or the text that it is', async (t) => {
  const line = logLine('{"level":40,"time":5,"msg":"m","vertex":"v","subtask":2,"pid":1}');
  t.strictSame(line, {
    level: 'warn',
    atMs: 5,
    message: 'm',
    fields: [
      ['vertex', 'v'],
      ['subtask', '2'],
    ],
  });
  t.equal(logLine('{"level":"error","time":"1970-01-01T00:00:01Z"}').atMs, 1000);
  t.equal(logLine('{"cut').message, '{"cut');
  t.equal(logLine('plain').level, 'info');
  t.equal(atLeast('warn', 'info'), true);
  t.equal(atLeast('debug', 'info'), false);
});
