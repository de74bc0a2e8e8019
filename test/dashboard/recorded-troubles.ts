import type { ExplainedOperator, Explanation } from '../../actors/dashboard/model/explanation.js';
import type { JobExceptions } from '../../actors/dashboard/model/flink-json.js';

/** The recorded job's failure, what holds its event time back, and what its log says. */

export function recordedExceptions(nowMs: number): JobExceptions {
  return {
    exceptionHistory: {
      truncated: false,
      entries: [
        {
          exceptionName: 'MR5001',
          stacktrace:
            "MR5001 A user function threw: Cannot read properties of undefined (reading 'delay')\n    at add (delays.js:31:14)",
          timestamp: nowMs - 300_400,
          failureLabels: { type: 'user' },
          taskName: 'mean-delay (3/4) - execution #0',
          endpoint: 'localhost:0',
          taskManagerId: 'tm-1',
          concurrentExceptions: [
            {
              exceptionName: 'MR5003',
              stacktrace: 'MR5003 The thread of a task has ended.',
              timestamp: nowMs - 300_300,
              failureLabels: {},
              taskName: 'Sink: results (1/1) - execution #0',
              endpoint: 'localhost:0',
              taskManagerId: 'tm-1',
            },
          ],
        },
      ],
    },
  };
}

/** Flights come and carry time; of the rules none has come, so whatever reads both waits. */
export function recordedExplanation(startMs: number, nowMs: number): Explanation {
  const flowing = { watermark: nowMs - 4000, sinceMs: nowMs - 200, idle: false } as const;
  const none = { watermark: Number.MIN_SAFE_INTEGER, sinceMs: startMs, idle: false } as const;
  const behind = (name: string, vertexId: number, parallelism: number) =>
    ({ kind: 'channel', name, vertexId, subtask: 0, parallelism }) as const;
  const operators: ExplainedOperator[] = [];
  const add = (parallelism: number, operator: Omit<ExplainedOperator, 'subtask' | 'parallelism'>): void => {
    for (let subtask = 0; subtask < parallelism; subtask++)
      operators.push({ ...operator, subtask, parallelism });
  };
  add(2, {
    uid: 'flights',
    name: 'Source: flights',
    vertexId: 0,
    ...flowing,
    heldBackBy: [{ kind: 'records' }],
  });
  add(2, {
    uid: 'parse',
    name: 'parse',
    vertexId: 0,
    ...flowing,
    heldBackBy: [{ kind: 'operator', uid: 'flights', name: 'Source: flights' }],
  });
  add(1, { uid: 'rules', name: 'Source: rules', vertexId: 1, ...none, heldBackBy: [{ kind: 'records' }] });
  add(4, {
    uid: 'mean-delay',
    name: 'mean-delay',
    vertexId: 2,
    ...flowing,
    heldBackBy: [behind('Source: flights -> parse', 0, 2)],
  });
  add(2, {
    uid: 'apply-rules',
    name: 'apply-rules',
    vertexId: 3,
    ...none,
    heldBackBy: [behind('Source: rules', 1, 1)],
  });
  add(1, {
    uid: 'results',
    name: 'Sink: results',
    vertexId: 4,
    ...none,
    heldBackBy: [behind('apply-rules -> format', 3, 2)],
  });
  return { jobName: 'flights', atMs: nowMs, operators, silent: [] };
}

export function recordedLog(startMs: number): string {
  const lines = [
    { level: 30, time: startMs, job: 'flights', msg: 'The job is running.' },
    { level: 20, time: startMs + 10, job: 'flights', msg: 'A detail.' },
    {
      level: 40,
      time: startMs + 1000,
      job: 'flights',
      vertex: 'mean-delay',
      subtask: 2,
      msg: 'A slow barrier.',
    },
    { level: 50, time: startMs + 2000, job: 'flights', msg: '<b>bold</b> is text here' },
  ];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\nplain text\n`;
}
