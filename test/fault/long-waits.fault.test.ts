import { LocalCluster, type MetricValue } from 'millrace';
import t from 'tap';
import stuck from './jobs/stuck.js';
import { until } from './looks.js';

const GIVE_UP_MS = 60_000;
/** Longer than the test takes. */
const STUCK_MS = 120_000;
const LASTS_MS = 1500;

t.test('a long wait, and a long call of user code, are seen while they last', async (t) => {
  const cluster = await LocalCluster.start();
  t.teardown(() => cluster.close());
  const job = await cluster.submit(stuck, { ms: STUCK_MS });
  const times = async () => {
    const tasks = await job.tasks();
    const of = (vertexId: number) => tasks.find((task) => task.vertexId === vertexId);
    const [source, operator] = [of(0), of(1)];
    return { pressedMs: source?.backPressuredMs ?? 0, busyMs: operator?.busyMs ?? 0 };
  };
  const giveUpMs = performance.now() + GIVE_UP_MS;
  let now = await times();
  await until(async () => {
    now = await times();
    return (now.pressedMs >= LASTS_MS && now.busyMs >= LASTS_MS) || performance.now() >= giveUpMs;
  });
  t.ok(now.pressedMs >= LASTS_MS, 'the source waits for room');
  t.ok(now.busyMs >= LASTS_MS, 'and the operator has not come back');
  const rates = async (): Promise<Map<string, number>> => {
    const read = (vertexId: number) => cluster.readMetrics({ type: 'vertex', jobId: job.jobId, vertexId });
    const values: [string, MetricValue][] = (await read(0)).map((each) => [`source ${each.id}`, each]);
    for (const each of await read(1)) values.push([`operator ${each.id}`, each]);
    return new Map(values.map(([name, { value }]) => [name, Number(value)]));
  };
  let told = await rates();
  const pressed = (): number => told.get('source 0.backPressuredTimeMsPerSecond') ?? 0;
  const busy = (): number => told.get('operator 0.busyTimeMsPerSecond') ?? 0;
  await until(async () => {
    told = await rates();
    return (pressed() >= 800 && busy() >= 800) || performance.now() >= giveUpMs;
  });
  t.ok(pressed() >= 800, 'a share of its time');
  t.ok(busy() >= 800);
});
