import { MillraceError } from '../base/millrace-error.js';

/** How much of an accumulator has come together in one subtask, or in several. Plain data. */
export type AccumulatorValue =
  | { readonly kind: 'sum' | 'least' | 'greatest'; readonly value: number }
  | { readonly kind: 'mean'; readonly sum: number; readonly count: number }
  | { readonly kind: 'list'; readonly values: readonly unknown[] }
  | { readonly kind: 'histogram'; readonly counts: readonly (readonly [value: number, count: number])[] };

/** By name. */
export type AccumulatorValues = Readonly<Record<string, AccumulatorValue>>;

/**
 * Adds two parts of one accumulator.
 *
 * @throws MillraceError MR1001 if they are of two kinds
 */
export function mergeAccumulators(name: string, a: AccumulatorValue, b: AccumulatorValue): AccumulatorValue {
  if (a.kind === 'sum' && b.kind === 'sum') return { kind: 'sum', value: a.value + b.value };
  if (a.kind === 'least' && b.kind === 'least') return { kind: 'least', value: Math.min(a.value, b.value) };
  if (a.kind === 'greatest' && b.kind === 'greatest')
    return { kind: 'greatest', value: Math.max(a.value, b.value) };
  if (a.kind === 'mean' && b.kind === 'mean')
    return { kind: 'mean', sum: a.sum + b.sum, count: a.count + b.count };
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', values: [...a.values, ...b.values] };
  if (a.kind === 'histogram' && b.kind === 'histogram') {
    const counts = new Map(a.counts);
    for (const [value, count] of b.counts) counts.set(value, (counts.get(value) ?? 0) + count);
    return { kind: 'histogram', counts: [...counts] };
  }
  throw new MillraceError('MR1001', `The accumulator '${name}' is of two kinds: ${a.kind} and ${b.kind}.`, {
    hint: 'Give accumulators of different kinds different names: they are added up over the whole job.',
  });
}

/** What users are told of an accumulator: a number, a list, or a Map from value to count in ascending order. */
function accumulatorResult(value: AccumulatorValue): unknown {
  switch (value.kind) {
    case 'mean':
      return value.count === 0 ? 0 : value.sum / value.count;
    case 'list':
      return [...value.values];
    case 'histogram':
      return new Map([...value.counts].sort(([a], [b]) => a - b));
    default:
      return value.value;
  }
}

/**
 * The accumulators of a job, from what its tasks say when they finish.
 *
 * Invariant: of a subtask that ran several times the last run counts. What it had accumulated before was
 * restored with its state.
 */
export class AccumulatorTotals {
  readonly #bySubtask = new Map<string, AccumulatorValues>();

  record(
    task: { readonly vertexId: number; readonly subtask: number },
    values: AccumulatorValues = {},
  ): void {
    this.#bySubtask.set(`${task.vertexId} ${task.subtask}`, values);
  }

  /** Results by name. Of a name that two operators use for two kinds, the one of the first operator. */
  get results(): Readonly<Record<string, unknown>> {
    const totals = new Map<string, AccumulatorValue>();
    for (const values of this.#bySubtask.values()) {
      for (const [name, value] of Object.entries(values)) {
        const before = totals.get(name);
        if (before === undefined) totals.set(name, value);
        else if (before.kind === value.kind) totals.set(name, mergeAccumulators(name, before, value));
      }
    }
    return Object.fromEntries([...totals].map(([name, value]) => [name, accumulatorResult(value)]));
  }
}
