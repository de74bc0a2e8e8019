import { MillraceError } from '../base/millrace-error.js';
import { ownEntry } from '../base/own-entry.js';

/** How much of an accumulator has come together in one subtask, or in several. Plain data. */
export type AccumulatorValue =
  | { readonly kind: 'sum' | 'least' | 'greatest'; readonly value: number }
  | { readonly kind: 'mean'; readonly sum: number; readonly count: number }
  | { readonly kind: 'list'; readonly values: readonly unknown[] }
  | { readonly kind: 'histogram'; readonly counts: readonly (readonly [value: number, count: number])[] };

/** By name. */
export type AccumulatorValues = Readonly<Record<string, AccumulatorValue>>;

/** By operator uid. */
export type AccumulatorsByUid = Readonly<Record<string, AccumulatorValues>>;

/**
 * Adds two parts of one accumulator, of which the first may be missing.
 *
 * @throws MillraceError MR1001 if they are of two kinds
 */
export function mergeAccumulators(
  name: string,
  a: AccumulatorValue | undefined,
  b: AccumulatorValue,
): AccumulatorValue {
  if (a === undefined) return b;
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
  throw twoKinds(name, a.kind, b.kind);
}

function twoKinds(name: string, one: string, other: string): MillraceError {
  return new MillraceError('MR1001', `The accumulator '${name}' is of two kinds: ${one} and ${other}.`, {
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
 * Adds two parts of the accumulators of an operator.
 *
 * @throws MillraceError MR1001 if they use one name for two kinds
 */
function mergeAccumulatorValues(a: AccumulatorValues, b: AccumulatorValues): AccumulatorValues {
  const merged: Record<string, AccumulatorValue> = { ...a };
  for (const [name, value] of Object.entries(b))
    merged[name] = mergeAccumulators(name, ownEntry(merged, name), value);
  return merged;
}

/** What names one subtask of an attempt. */
interface Subtask {
  readonly vertexId: number;
  readonly subtask: number;
}

/**
 * The accumulators of one attempt of a job: what subtasks had accumulated that had ended before its checkpoint, and
 * what those say that end in it. Those that run hold theirs in their own state, with what was restored of it.
 *
 * Invariants: each subtask counts once, and what the checkpoint holds of ended ones always, whatever has become of the
 * parallelism since; of one name there is one kind.
 */
export class AccumulatorTotals {
  readonly #restored: AccumulatorsByUid;
  readonly #kinds = new Map<string, AccumulatorValue['kind']>();
  readonly #ended = new Map<string, { readonly task: Subtask; readonly values: AccumulatorsByUid }>();

  constructor(restored: AccumulatorsByUid = {}) {
    this.#restored = restored;
    this.#note(restored);
  }

  /**
   * A subtask has ended.
   *
   * @throws MillraceError MR1001 if it uses a name for another kind than others do; it is not counted then
   */
  record(task: Subtask, values: AccumulatorsByUid = {}): void {
    this.#note(values);
    this.#ended.set(`${task.vertexId} ${task.subtask}`, { task, values });
  }

  /** A subtask that may have ended goes back to a checkpoint in which it had not. */
  forget({ vertexId, subtask }: Subtask): void {
    this.#ended.delete(`${vertexId} ${subtask}`);
  }

  /** What is in no subtask's state: of those that had ended before the attempt, and of those that are `counted`. */
  ofEnded(counted: (task: Subtask) => boolean): AccumulatorsByUid {
    const byUid: Record<string, AccumulatorValues> = { ...this.#restored };
    for (const { task, values } of this.#ended.values()) {
      if (!counted(task)) continue;
      for (const [uid, own] of Object.entries(values))
        byUid[uid] = mergeAccumulatorValues(ownEntry(byUid, uid) ?? {}, own);
    }
    return byUid;
  }

  /** By name, of all that have ended. */
  get results(): Readonly<Record<string, unknown>> {
    const totals = this.#values().reduce(mergeAccumulatorValues, {});
    return Object.fromEntries(
      Object.entries(totals).map(([name, value]) => [name, accumulatorResult(value)]),
    );
  }

  #note(byUid: AccumulatorsByUid): void {
    const named = Object.values(byUid).flatMap((values) => Object.entries(values));
    for (const [name, { kind }] of named) {
      const before = this.#kinds.get(name) ?? kind;
      if (before !== kind) throw twoKinds(name, before, kind);
    }
    for (const [name, { kind }] of named) this.#kinds.set(name, kind);
  }

  #values(): readonly AccumulatorValues[] {
    return [this.#restored, ...[...this.#ended.values()].map(({ values }) => values)].flatMap((byUid) =>
      Object.values(byUid),
    );
  }
}
