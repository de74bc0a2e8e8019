import { LocalCluster } from 'millrace';
import t from 'tap';
import stuck from './jobs/stuck.js';

const GIVE_UP_MS = 60_000;
/** Longer than the test takes. */
const STUCK_MS = 120_000;

interface FlameNode {
  readonly name: string;
  readonly value: number;
  readonly children: readonly FlameNode[];
}

interface Dump {
  readonly threadInfos: readonly { readonly threadName: string; readonly stringifiedThreadInfo: string }[];
}

function names({ name, children }: FlameNode): string[] {
  return [name, ...children.flatMap(names)];
}

t.test(
  '[scenario 20] a task that is stuck in a function is seen there, in flame graphs and dumps',
  async (t) => {
    const cluster = await LocalCluster.start({
      configuration: {
        'rest.port': 0,
        'rest.flamegraph.enabled': true,
        'rest.flamegraph.num-samples': 20,
        'rest.flamegraph.delay-between-samples': '5 ms',
        'rest.flamegraph.refresh-interval': '0 ms',
      },
    });
    t.teardown(() => cluster.close());
    const url = await cluster.serveRest();
    const { jobId } = await cluster.submit(stuck, { ms: STUCK_MS });
    const json = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T;
    const { vertices } = await json<{ vertices: { id: string }[] }>(`/jobs/${jobId}`);
    const giveUpMs = performance.now() + GIVE_UP_MS;
    const untilFound = async (path: string, found: (answer: string) => boolean): Promise<string> => {
      let text = JSON.stringify(await json(path));
      while (!found(text) && performance.now() < giveUpMs) text = JSON.stringify(await json(path));
      return text;
    };
    const graph = await untilFound(
      `/jobs/${jobId}/vertices/${vertices[1]?.id}/flamegraph?type=on_cpu`,
      (text) => text.includes('stuck.js'),
    );
    const { data, endTimestamp } = JSON.parse(graph);
    t.ok(
      names(data).some((name) => name.includes('stuck.js')),
      'the function of the job',
    );
    t.ok(endTimestamp > 0);
    const { taskmanagers } = await json<{ taskmanagers: { id: string }[] }>('/taskmanagers');
    const dump = await untilFound(`/taskmanagers/${taskmanagers[0]?.id}/thread-dump`, (text) =>
      text.includes('stuck.js'),
    );
    const infos = (JSON.parse(dump) as Dump).threadInfos;
    t.equal(infos.length, 2, 'a thread for each task');
    t.match(infos.find(({ threadName }) => threadName.startsWith('Map'))?.stringifiedThreadInfo, /stuck\.js/);
    const others = await json<Dump>('/jobmanager/thread-dump');
    t.ok(others.threadInfos.some(({ threadName }) => threadName === 'main'));
  },
);
