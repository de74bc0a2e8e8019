/** Flink's form of one: a name, a kind and a text. */
export interface AccumulatorEntry {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export function accumulatorEntries(results: Readonly<Record<string, unknown>>): readonly AccumulatorEntry[] {
  return Object.entries(results).map(([name, value]) => ({
    name,
    type: kindOf(value),
    value: textOf(value),
  }));
}

function kindOf(value: unknown): string {
  if (value instanceof Map) return 'Histogram';
  if (Array.isArray(value)) return 'List';
  return typeof value === 'number' || typeof value === 'bigint' ? 'LongCounter' : 'Accumulator';
}

function textOf(value: unknown): string {
  const plain = value instanceof Map ? Object.fromEntries(value) : value;
  return typeof plain === 'bigint' ? String(plain) : (JSON.stringify(plain) ?? 'undefined');
}
