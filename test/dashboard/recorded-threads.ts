import type { FlameGraphAnswer, FlameNode, ThreadDump } from '../../actors/dashboard/model/flink-json.js';

const leaf = (name: string, value: number): FlameNode => ({ name, value, children: [] });

/** Most of the time is spent in the user's function. */
export const RECORDED_FLAMES: FlameNode = {
  name: 'root',
  value: 400,
  children: [
    {
      name: 'runOnce (stream-task.js:142)',
      value: 360,
      children: [
        {
          name: 'processElement (flights.js:21)',
          value: 340,
          children: [leaf('distance <b>(geo.js:7)</b>', 300)],
        },
        leaf('writeRecord (channel-writer.js:60)', 20),
      ],
    },
    leaf('(idle)', 40),
  ],
};

/** The idle part alone, or all but that. */
export function recordedFlameGraph(type: string, nowMs: number): FlameGraphAnswer {
  const [busy, idle] = RECORDED_FLAMES.children;
  const children = [busy, idle].filter((node) => node !== undefined);
  const shown = type === 'full' ? children : type === 'on_cpu' ? children.slice(0, 1) : children.slice(1);
  const value = shown.reduce((sum, node) => sum + node.value, 0);
  return { endTimestamp: nowMs, data: { name: 'root', value, children: shown } };
}

export const RECORDED_THREADS: ThreadDump = {
  threadInfos: [
    {
      threadName: 'mean-delay (1/4)#0',
      stringifiedThreadInfo:
        '"mean-delay (1/4)#0" Id=12 RUNNABLE\n\tat distance (geo.js:7)\n\tat processElement (flights.js:21)\n\n',
    },
  ],
};
