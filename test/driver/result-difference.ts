import { inspect } from 'node:util';

/** A result that is there more often than expected. */
export interface RepeatedResult<T> {
  readonly result: T;
  readonly times: number;
  readonly expected: number;
}

/** Of one group of results that have an order: the first place at which it is another. */
export interface MisplacedResult<T> {
  readonly group: unknown;
  readonly result: T;
  readonly expected: T;
}

/** In what results are not as expected. */
export interface ResultDifference<T> {
  /** Expected, and there more often than that. */
  readonly repeated: readonly RepeatedResult<T>[];
  /** Expected, and not there, or not as often; each as often as it is missing. */
  readonly missing: readonly T[];
  /** There, and not expected at all. */
  readonly unexpected: readonly T[];
  /** Where nothing is repeated, missing or unexpected: what is out of order. */
  readonly misplaced: readonly MisplacedResult<T>[];
}

/** How {@link compareResults} compares. */
export interface ResultComparison<T> {
  /** Results of which this is the same have an order; without it none has. */
  readonly orderedBy?: (result: T) => unknown;
}

/** Values with the same text are the same result. */
export function resultText(result: unknown): string {
  return inspect(result, {
    depth: null,
    sorted: true,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
  });
}

/**
 * Compares results as a multiset: how often each is there counts, the order does not, except within a group of
 * `orderedBy`. Values are the same when they look the same, field by field; Maps, Sets, Dates and bigints too.
 *
 * @returns undefined if they are the same
 *
 * @example
 * ```ts
 * const difference = compareResults(['a', 'b'], ['a', 'a']);
 * difference?.repeated; // [{ result: 'a', times: 2, expected: 1 }]
 * difference?.missing; // ['b']
 * ```
 */
export function compareResults<T>(
  expected: Iterable<T>,
  actual: Iterable<T>,
  { orderedBy }: ResultComparison<T> = {},
): ResultDifference<T> | undefined {
  const wanted = countsOf(expected);
  const found = countsOf(actual);
  const repeated: RepeatedResult<T>[] = [];
  const missing: T[] = [];
  const unexpected: T[] = [];
  for (const [text, { result, count }] of wanted) {
    const times = found.get(text)?.count ?? 0;
    if (times > count) repeated.push({ result, times, expected: count });
    for (let left = count - times; left > 0; left--) missing.push(result);
  }
  for (const [text, { result, count }] of found) {
    if (!wanted.has(text)) for (let left = count; left > 0; left--) unexpected.push(result);
  }
  const isSame = repeated.length + missing.length + unexpected.length === 0;
  const misplaced = isSame && orderedBy !== undefined ? misplacedIn(expected, actual, orderedBy) : [];
  return isSame && misplaced.length === 0 ? undefined : { repeated, missing, unexpected, misplaced };
}

function countsOf<T>(results: Iterable<T>): Map<string, { readonly result: T; count: number }> {
  const counts = new Map<string, { readonly result: T; count: number }>();
  for (const result of results) {
    const text = resultText(result);
    const known = counts.get(text);
    if (known === undefined) counts.set(text, { result, count: 1 });
    else known.count++;
  }
  return counts;
}

function misplacedIn<T>(
  expected: Iterable<T>,
  actual: Iterable<T>,
  orderedBy: (result: T) => unknown,
): MisplacedResult<T>[] {
  const found = groupsOf(actual, orderedBy);
  const misplaced: MisplacedResult<T>[] = [];
  for (const [text, { group, results }] of groupsOf(expected, orderedBy)) {
    const others = found.get(text)?.results ?? [];
    const at = results.findIndex((result, index) => resultText(result) !== resultText(others[index]));
    const [wanted, other] = [results[at], others[at]];
    if (wanted !== undefined && other !== undefined)
      misplaced.push({ group, result: other, expected: wanted });
  }
  return misplaced;
}

interface ResultGroup<T> {
  readonly group: unknown;
  readonly results: T[];
}

function groupsOf<T>(results: Iterable<T>, orderedBy: (result: T) => unknown): Map<string, ResultGroup<T>> {
  const groups = new Map<string, ResultGroup<T>>();
  for (const result of results) {
    const group = orderedBy(result);
    const text = resultText(group);
    const known = groups.get(text);
    if (known === undefined) groups.set(text, { group, results: [result] });
    else known.results.push(result);
  }
  return groups;
}
