import t from 'tap';
import type { JobGraph, JobVertex } from '../../../core/graph/job-graph.js';
import { ResourceManager } from '../../../core/job/resource-manager.js';
import {
  type GrantedSlot,
  keptSlots,
  placeTasks,
  replaceLost,
  sharedSlots,
  slotRequirements,
  unitedRequirements,
} from '../../../core/job/slot-sharing.js';

function graphOf(...vertices: readonly (readonly [group: string, parallelism: number])[]): JobGraph {
  return {
    vertices: vertices.map(([slotSharingGroup, parallelism], id) => ({ id, slotSharingGroup, parallelism })),
  } as unknown as JobGraph & { vertices: JobVertex[] };
}

function slots(...ids: readonly string[]): GrantedSlot[] {
  return ids.map((taskManagerId, index) => ({ taskManagerId, index, group: 'default' }));
}

function placesOf(granted: readonly GrantedSlot[] | undefined): string {
  return (granted ?? []).map(({ taskManagerId, index }) => `${taskManagerId}/${index}`).join(' ');
}

t.test('a job needs as many slots as the highest parallelism of each group', (t) => {
  const graph = graphOf(['default', 2], ['default', 4], ['heavy', 3], ['default', 1]);
  t.strictSame(slotRequirements(graph), [
    { group: 'default', count: 4 },
    { group: 'heavy', count: 3 },
  ]);
  const united = unitedRequirements(slotRequirements(graph), [
    { group: 'default', count: 1 },
    { group: 'new', count: 2 },
  ]);
  t.strictSame(united, [
    { group: 'default', count: 4 },
    { group: 'heavy', count: 3 },
    { group: 'new', count: 2 },
  ]);
  t.end();
});

t.test(
  'neighbours share a slot by number; where tasks are balanced, those of few subtasks go to empty slots',
  (t) => {
    const graph = graphOf(['default', 1], ['default', 3], ['default', 1]);
    const tasksOf = (mode: 'NONE' | 'TASKS') => sharedSlots(graph, mode).map(({ tasks }) => tasks.length);
    t.strictSame(tasksOf('NONE'), [3, 1, 1]);
    t.strictSame(tasksOf('TASKS'), [2, 2, 1]);
    t.end();
  },
);

t.test('tasks are placed in slots of their group, or not at all', (t) => {
  const graph = graphOf(['default', 2], ['default', 2]);
  t.equal(placeTasks(graph, slots('a'), 'NONE'), undefined);
  const placement = placeTasks(graph, slots('a', 'b'), 'NONE');
  t.strictSame(placement?.map(placesOf), ['a/0 b/1', 'a/0 b/1']);
  t.end();
});

t.test('the fullest slots go to the TaskManagers that have the fewest tasks', (t) => {
  const graph = graphOf(['default', 4], ['default', 2], ['default', 2]);
  const placement = placeTasks(graph, slots('a', 'a', 'b', 'b'), 'TASKS');
  const perManager = new Map<string, number>();
  for (const { taskManagerId } of placement?.flat() ?? [])
    perManager.set(taskManagerId, (perManager.get(taskManagerId) ?? 0) + 1);
  t.strictSame([...perManager.values()], [4, 4]);
  t.end();
});

function managerOf(mode: 'NONE' | 'SLOTS', ...counts: readonly (number | undefined)[]): ResourceManager {
  const manager = new ResourceManager(mode);
  for (const [i, count] of counts.entries()) manager.register({ id: `tm-${i + 1}`, slots: count });
  return manager;
}

t.test('TaskManagers are filled one after the other, or evenly', (t) => {
  const need = [{ group: 'default', count: 3 }];
  t.equal(placesOf(managerOf('NONE', 4, 4).declare('job', need)[0]?.slots), 'tm-1/0 tm-1/1 tm-1/2');
  t.equal(placesOf(managerOf('SLOTS', 4, 4).declare('job', need)[0]?.slots), 'tm-1/0 tm-1/1 tm-2/0');
  t.end();
});

t.test('a job that needs fewer slots keeps as many on each TaskManager, where load is balanced', (t) => {
  const granted = slots('a', 'a', 'b', 'b');
  const need = { group: 'default', count: 2 };
  t.equal(placesOf(keptSlots(granted, need, 'NONE', new Set())), 'a/0 a/1');
  t.equal(placesOf(keptSlots(granted, need, 'SLOTS', new Set())), 'a/0 b/2');
  t.end();
});

t.test('slots in use are kept, whatever goes, and of the others those that stay', (t) => {
  const granted = slots('a', 'a', 'b', 'b').map((slot) =>
    slot.taskManagerId === 'b' ? ({ ...slot, retiring: true } as const) : slot,
  );
  const kept = (count: number, ...inUse: readonly string[]): string =>
    placesOf(keptSlots(granted, { group: 'default', count }, 'SLOTS', new Set(inUse)));
  t.equal(kept(4), 'a/0 a/1', 'nothing is held in vain where it goes');
  t.equal(kept(2, 'a/1', 'b/3'), 'a/1 b/3');
  t.equal(kept(3, 'a/1', 'b/3'), 'a/0 a/1 b/3');
  t.equal(kept(0, 'b/2'), 'b/2');
  t.end();
});

t.test('what is placed anew is placed where it can stay, and what goes on stays where it is', (t) => {
  const [graph, granted] = [graphOf(['default', 2]), slots('a', 'b', 'c')];
  const goes = granted.map((slot, i) => (i === 0 ? ({ ...slot, retiring: true } as const) : slot));
  const placement = placeTasks(graph, granted, 'NONE');
  t.strictSame(placement?.map(placesOf), ['a/0 b/1']);
  t.strictSame(placeTasks(graph, goes, 'NONE')?.map(placesOf), ['b/1 c/2']);
  t.equal(placeTasks(graph, goes.slice(0, 2), 'NONE'), undefined);
  t.strictSame(replaceLost(placement ?? [], goes)?.map(placesOf), ['a/0 b/1']);
  const [first, , third] = goes;
  t.strictSame(
    replaceLost(placement ?? [], slots('x').concat(third ?? []))?.map(placesOf),
    ['x/0 c/2'],
    'in the place of those that have gone',
  );
  t.equal(replaceLost(placement ?? [], first === undefined ? [] : [first]), undefined);
  t.end();
});

t.test(
  'what a job misses it is given at once or not yet, and another that needs less is not kept waiting',
  (t) => {
    const manager = managerOf('NONE', 4);
    manager.declare('first', [{ group: 'default', count: 3 }]);
    t.strictSame(
      manager.declare('large', [{ group: 'default', count: 2 }]),
      [{ jobId: 'large', slots: [] }],
      'one is free',
    );
    t.equal(placesOf(manager.declare('small', [{ group: 'default', count: 1 }])[0]?.slots), 'tm-1/3');
    const grants = manager.release('first');
    t.strictSame(
      grants.map(({ jobId, slots: given }) => `${jobId} ${placesOf(given)}`),
      ['large tm-1/0 tm-1/1'],
    );
    t.end();
  },
);

t.test('who loses a TaskManager is told what is left, and is given more when there is more', (t) => {
  const manager = managerOf('SLOTS', 1, 1);
  manager.declare('job', [{ group: 'default', count: 2 }]);
  const [less] = manager.unregister('tm-1');
  t.equal(placesOf(less?.slots), 'tm-2/0');
  t.equal(manager.within('job'), 1);
  t.strictSame(manager.unregister('tm-1'), [], 'it has gone');
  const [more] = manager.register({ id: 'tm-3', slots: 2 });
  t.equal(placesOf(more?.slots), 'tm-2/0 tm-3/0');
  t.end();
});

t.test(
  'a job whose TaskManager is about to go is told so, and holds what it has until it gives it back',
  (t) => {
    const manager = managerOf('NONE', 2, 2);
    const need = [{ group: 'default', count: 2 }];
    const [had] = manager.declare('job', need);
    const [told] = manager.retire('tm-1');
    t.match(told, { jobId: 'job', slots: [{ retiring: true }, { retiring: true }] });
    t.equal(manager.within('job'), 2);
    const [more] = manager.declare('job', [{ group: 'default', count: 4 }]);
    t.equal(placesOf(more?.slots), 'tm-1/0 tm-1/1 tm-2/0 tm-2/1');
    const [less] = manager.declare('job', need, had?.slots);
    t.equal(placesOf(less?.slots), 'tm-2/0 tm-2/1');
    t.strictSame(manager.unregister('tm-1'), [], 'nothing was left there');
    t.end();
  },
);

t.test('without a number of slots there are as many as the jobs need, those of a job in one place', (t) => {
  const manager = managerOf('SLOTS', undefined, undefined);
  t.equal(placesOf(manager.declare('a', [{ group: 'default', count: 2 }])[0]?.slots), 'tm-1/0 tm-1/1');
  t.equal(placesOf(manager.declare('b', [{ group: 'default', count: 1 }])[0]?.slots), 'tm-2/0');
  t.equal(placesOf(manager.declare('a', [{ group: 'default', count: 3 }])[0]?.slots), 'tm-1/0 tm-1/1 tm-1/2');
  t.equal(manager.within('b'), Number.POSITIVE_INFINITY);
  t.strictSame(
    manager.taskManagers().map(({ slots: count }) => count),
    [3, 1],
  );
  t.end();
});
