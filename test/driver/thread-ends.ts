import { type DataStream, MillraceError, type TypeDescriptor } from '../../core/index.js';

/** When a task's thread ends: in this attempt of the job, after so many records of subtask 0. */
export interface ThreadEnd {
  readonly attempt: number;
  readonly afterRecords: number;
}

/**
 * Parses a plan of thread ends, as it is passed through a job's parameters: `'1:400000,2:250000'` ends a
 * thread in the first attempt after 400,000 records, and in the second after 250,000.
 *
 * @throws MillraceError MR1008 if the text has another form
 *
 * @example
 * ```ts
 * const plan = threadEndPlan('1:400000,2:250000'); // [{ attempt: 1, afterRecords: 400000 }, ...]
 * ```
 */
export function threadEndPlan(text: string): readonly ThreadEnd[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const match = /^(\d+):(\d+)$/.exec(part.trim());
    if (match === null) {
      throw new MillraceError('MR1008', `'${part}' is no thread end; write ATTEMPT:RECORDS.`);
    }
    return { attempt: Number(match[1]), afterRecords: Number(match[2]) };
  });
}

/**
 * Passes a stream on as it is, and ends the thread that it runs on as planned: at once, with whatever it
 * held, as if the machine had taken it away. The job has to recover by itself. `type` is that of the
 * records; without it they travel undeclared.
 *
 * @example
 * ```ts
 * endsItsThread(flights, threadEndPlan(params.get('crash', '')), flight).keyBy((f) => f.origin)
 * ```
 */
export function endsItsThread<T>(
  stream: DataStream<T>,
  plan: readonly ThreadEnd[],
  type?: TypeDescriptor<T>,
): DataStream<T> {
  if (plan.length === 0) return stream;
  let left = Number.POSITIVE_INFINITY;
  const passed = stream
    .process<T>({
      open(ctx) {
        const end = plan.find(({ attempt }) => attempt === ctx.attempt);
        left = end === undefined || ctx.subtaskIndex !== 0 ? Number.POSITIVE_INFINITY : end.afterRecords;
      },
      processElement(value, _ctx, out) {
        if (--left === 0) process.exit(1);
        out.collect(value);
      },
    })
    .uid('ends-its-thread')
    .name('ends its thread');
  return type === undefined ? passed : passed.returns(type);
}
