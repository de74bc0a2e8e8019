import t from 'tap';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { SlotSharingGroup } from '../../../core/index.js';
import { ResourceManager } from '../../../core/job/resource-manager.js';
import type { SlotResource } from '../../../core/job/slot-resource.js';
import type { GrantedSlot, SlotRequirement } from '../../../core/job/slot-sharing.js';
import { TakenSlots } from '../../../core/job/taken-slots.js';
import { build } from '../../build.js';
import { refused } from '../../refused.js';

const MB = 1024 * 1024;

/** Of a TaskManager with so much of everything. */
function sized(megabytes: number): SlotResource {
  const bytes = megabytes * MB;
  return { cpuCores: megabytes / 100, taskHeapBytes: bytes, taskOffHeapBytes: bytes, managedBytes: bytes };
}

function heavy(count: number, megabytes: number): SlotRequirement {
  return { group: 'heavy', count, resource: sized(megabytes) };
}

function places(manager: ResourceManager): string[] {
  return manager
    .taskManagers()
    .flatMap(({ id, allocated }) =>
      allocated.map(({ group, resource }) => `${id} ${group} ${resource?.managedBytes ?? 'share'}`),
    );
}

t.test('a group names all that Flink asks for, or nothing', async (t) => {
  const built = SlotSharingGroup.newBuilder('heavy')
    .setCpuCores(0.5)
    .setTaskHeapMemoryMB(64)
    .setManagedMemoryMB(128)
    .build();
  t.strictSame(built.resource, {
    cpuCores: 0.5,
    taskHeapBytes: 64 * MB,
    taskOffHeapBytes: 0,
    managedBytes: 128 * MB,
  });
  t.equal(SlotSharingGroup.newBuilder('plain').build().resource, undefined);
  const part = SlotSharingGroup.newBuilder('part').setManagedMemoryMB(1);
  t.match(
    refused(() => part.build()),
    { code: 'MR1001', hint: /setCpuCores and setTaskHeapMemoryMB/ },
  );
  for (const wrong of [0, -1, Number.NaN])
    t.equal(refused(() => SlotSharingGroup.newBuilder('x').setTaskHeapMemoryMB(wrong)).code, 'MR1001');
  t.equal(refused(() => SlotSharingGroup.newBuilder('x').setManagedMemoryMB(-1)).code, 'MR1001');
});

t.test(
  'a graph knows what the slots of its groups are to have; two sizes of one group are refused',
  async (t) => {
    const group = (megabytes: number): SlotSharingGroup =>
      SlotSharingGroup.newBuilder('heavy').setCpuCores(1).setTaskHeapMemoryMB(megabytes).build();
    const graphOf = (first: string | SlotSharingGroup, second: string | SlotSharingGroup): JobGraph =>
      build((env) => {
        const numbers = env.fromSequence(1, 3).slotSharingGroup(first);
        numbers
          .map((n) => n)
          .slotSharingGroup(second)
          .print();
      }).graph;
    t.same(graphOf('default', 'heavy').slotResources, undefined);
    const graph = graphOf('heavy', group(64));
    t.match(graph.slotResources, { heavy: { taskHeapBytes: 64 * MB } });
    t.equal(
      graph.vertices.every(({ slotSharingGroup }) => slotSharingGroup === 'heavy'),
      true,
    );
    t.same(graphOf(group(64), group(64)).slotResources, graph.slotResources);
    t.equal(refused(() => graphOf(group(64), group(65))).code, 'MR1001');
  },
);

t.test('slots of a size are cut out of what a TaskManager has, and others have equal shares', async (t) => {
  const manager = new ResourceManager('NONE');
  manager.register({ id: 'a', slots: 4, resource: sized(100) });
  manager.declare('job', [{ group: 'default', count: 1 }, heavy(1, 70)]);
  t.same(places(manager), ['a heavy 73400320', 'a default share']);
  manager.declare('other', [{ group: 'default', count: 1 }]);
  t.equal(places(manager).length, 2, 'there is a slot, and no memory for it');
  manager.register({ id: 'b', slots: 4, resource: sized(100) });
  t.same(places(manager).slice(2), ['b default share']);
  manager.release('job');
  manager.declare('third', [heavy(2, 75)]);
  t.same(places(manager), ['a heavy 78643200', 'b default share', 'b heavy 78643200']);
});

t.test('what does not fit is not given, not even in part', async (t) => {
  const manager = new ResourceManager('NONE');
  manager.register({ id: 'a', slots: 4, resource: sized(100) });
  t.same(manager.declare('job', [heavy(2, 60)]), [{ jobId: 'job', slots: [] }]);
  t.same(places(manager), []);
  const grants = manager.register({ id: 'b', slots: 4, resource: sized(100) });
  t.match(grants, [{ jobId: 'job', slots: [{ taskManagerId: 'a' }, { taskManagerId: 'b' }] }]);
});

t.test('slots that have more together than their TaskManager are a broken invariant', async (t) => {
  const taskManager = { id: 'a', slots: 4, resource: sized(100) };
  const slot = (index: number, mb: number): GrantedSlot => ({
    taskManagerId: 'a',
    index,
    group: 'heavy',
    resource: sized(mb),
  });
  const taken = new TakenSlots([taskManager], [slot(0, 60)]);
  t.equal(taken.has(taskManager, sized(60)), false);
  t.throws(() => taken.take(taskManager, sized(60)), { code: 'MR9001' });
  t.throws(() => new TakenSlots([taskManager], [slot(0, 60), slot(1, 60)]), { code: 'MR9001' });
});

t.test('a TaskManager with as many slots as are needed asks nobody how large they are', async (t) => {
  const manager = new ResourceManager('NONE');
  t.throws(() => manager.register({ id: 'a', slots: undefined, resource: sized(100) }), { code: 'MR9001' });
  manager.register({ id: 'a', slots: undefined });
  manager.declare('job', [heavy(3, 60)]);
  t.equal(places(manager).length, 3);
});
