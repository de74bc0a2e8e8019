import t from 'tap';
import type { SamplingOrder } from '../../../../actors/rest/thread-profile.js';
import { vertexIdOf } from '../../../../actors/rest/vertex-id.js';
import { ask, openRestWorld, type RestWorld, type RestWorldOptions } from './rest-world.js';
import { JOB_ID, SAMPLE_JOB, sampleProfiles } from './sample-cluster.js';

const GRAPH = `/jobs/${JOB_ID}/vertices/${vertexIdOf('counts')}/flamegraph`;

/** A world that notes what was sampled. */
async function sampledWorld(options: RestWorldOptions = {}) {
  const orders: SamplingOrder[] = [];
  const sampleThreads = async (order: SamplingOrder) => {
    orders.push(order);
    return sampleProfiles(order.threadIds ?? [0, 1, 7, 8]);
  };
  const world = await openRestWorld({ ...options, cluster: { sampleThreads, ...options.cluster } });
  return { world, orders };
}

async function graph({ server }: RestWorld, query = '') {
  return JSON.parse((await ask(server, GRAPH + query)).text);
}

t.test('the first question begins to sample, later ones are shown what came of it', async (t) => {
  const { world, orders } = await sampledWorld();
  t.teardown(() => world.server.close());
  t.strictSame(await graph(world), { endTimestamp: -3, data: null });
  t.strictSame(orders, [{ threadIds: [7, 8], samples: 10, delayMs: 1 }]);
  t.strictSame(await graph(world), {
    endTimestamp: 1_000_000,
    data: {
      name: 'root',
      value: 20,
      children: [
        {
          name: 'run (job.js:3)',
          value: 14,
          children: [{ name: 'price (job.js:12)', value: 12, children: [] }],
        },
        { name: '(idle)', value: 6, children: [] },
      ],
    },
  });
  world.clock.nowMs += 59_999;
  await graph(world);
  t.equal(orders.length, 1);
  world.clock.nowMs += 1;
  t.equal((await graph(world)).endTimestamp, 1_000_000, 'the old one, while it is sampled anew');
  t.equal((await graph(world)).endTimestamp, 1_060_000);
  t.equal(orders.length, 2);
});

t.test('on and off the CPU are told apart, and subtasks where they are asked for', async (t) => {
  const { world } = await sampledWorld();
  t.teardown(() => world.server.close());
  await graph(world);
  const on = await graph(world, '?type=on_cpu');
  t.match(on.data, { value: 14, children: [{ name: 'run (job.js:3)' }] });
  t.match((await graph(world, '?type=OFF_CPU')).data, { value: 6, children: [{ name: '(idle)' }] });
  t.equal((await graph(world, '?subtaskindex=1')).data.value, 10);
  t.match(await graph(world, '?subtaskindex=2'), { errors: [/MR7002/] });
  t.match(await graph(world, '?type=half'), { errors: [/MR7003/] });
});

t.test('nobody is sampled where that is turned off, nor when the job has ended', async (t) => {
  const off = await sampledWorld({ flameGraphs: false });
  t.teardown(() => off.world.server.close());
  t.strictSame(await graph(off.world), { endTimestamp: -2, data: null });
  const job = async () => ({ ...SAMPLE_JOB, status: 'FINISHED' as const, endMs: 999_000 });
  const over = await sampledWorld({ cluster: { job } });
  t.teardown(() => over.world.server.close());
  t.strictSame(await graph(over.world), { endTimestamp: -1, data: null });
  t.strictSame([...off.orders, ...over.orders], []);
});

t.test('what could not be sampled is asked for again', async (t) => {
  let asked = 0;
  const sampleThreads = async () => {
    asked++;
    throw new Error('the control thread is gone');
  };
  const { world } = await sampledWorld({ cluster: { sampleThreads } });
  t.teardown(() => world.server.close());
  await graph(world);
  t.strictSame(await graph(world), { endTimestamp: -3, data: null });
  t.equal(asked, 2);
});

t.test('a dump tells of each thread what it does, innermost call first', async (t) => {
  const { world } = await sampledWorld();
  t.teardown(() => world.server.close());
  const dump = async (path: string) => JSON.parse((await ask(world.server, path)).text).threadInfos;
  t.strictSame(await dump('/taskmanagers/taskmanager-1/thread-dump'), [
    {
      threadName: 'counts -> Map (1/2)#1',
      stringifiedThreadInfo:
        '"counts -> Map (1/2)#1" Id=7 RUNNABLE\n\tat price (job.js:12)\n\tat run (job.js:3)\n\n',
    },
    {
      threadName: 'counts -> Map (2/2)#1',
      stringifiedThreadInfo: '"counts -> Map (2/2)#1" Id=8 WAITING\n\tat (idle)\n\n',
    },
  ]);
  t.match(await dump('/jobmanager/thread-dump'), [{ threadName: 'main' }, { threadName: 'thread 1' }]);
  t.equal((await ask(world.server, '/taskmanagers/nobody/thread-dump')).status, 404);
});

t.test('a thread that does not answer is said not to', async (t) => {
  const { world } = await sampledWorld({ cluster: { sampleThreads: async () => [] } });
  t.teardown(() => world.server.close());
  const { text } = await ask(world.server, '/taskmanagers/taskmanager-1/thread-dump');
  t.match(text, 'does not answer');
});
