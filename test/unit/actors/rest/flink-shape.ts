/** What an answer may hold; see the program that records it, `test/rest/FlinkSchema.java`. */
export type FlinkShape = string | { readonly [name: string]: FlinkShape };

/** Where a value differs from a shape; undefined where it does not. */
export function difference(shape: FlinkShape, value: unknown, at = '$'): string | undefined {
  if (shape === 'any') return undefined;
  if (typeof shape === 'string') return primitiveDifference(shape, value, at);
  if (value === null) return undefined;
  if (typeof value !== 'object' || value === undefined) return `${at} is ${JSON.stringify(value)}`;
  const { '[]': item, '{}': entry, cases } = shape;
  if (item !== undefined) {
    if (!Array.isArray(value)) return `${at} is no list`;
    return first(value.map((one, i) => () => difference(item, one, `${at}[${i}]`)));
  }
  const fields = Object.entries(value);
  if (entry !== undefined)
    return first(
      fields.map(
        ([name, one]) =>
          () =>
            difference(entry, one, `${at}.${name}`),
      ),
    );
  if (typeof cases === 'object') {
    const { className } = value as { className?: string };
    const one = cases[className ?? ''];
    return one === undefined ? `${at} has the className ${className}` : difference(one, value, at);
  }
  return fieldsDifference(shape, value as Record<string, unknown>, at);
}

function fieldsDifference(
  shape: Readonly<Record<string, FlinkShape>>,
  value: Readonly<Record<string, unknown>>,
  at: string,
): string | undefined {
  const allowed = new Map(Object.entries(shape).map(([name, one]) => [name.replace(/\?$/, ''), one]));
  const extra = Object.keys(value).find((name) => !allowed.has(name));
  if (extra !== undefined) return `${at} has ${extra}, which Flink does not send`;
  const missing = Object.keys(shape).find((name) => !name.endsWith('?') && !Object.hasOwn(value, name));
  if (missing !== undefined) return `${at} has no ${missing}`;
  return first(
    Object.entries(value).map(
      ([name, one]) =>
        () =>
          difference(allowed.get(name) ?? 'any', one, `${at}.${name}`),
    ),
  );
}

function primitiveDifference(shape: string, value: unknown, at: string): string | undefined {
  const fits =
    shape === 'number'
      ? (typeof value === 'number' && Number.isFinite(value)) || value === 'NaN'
      : typeof value === shape || (shape === 'string' && value === null);
  return fits ? undefined : `${at} is ${JSON.stringify(value)}, and no ${shape}`;
}

function first(looks: readonly (() => string | undefined)[]): string | undefined {
  for (const look of looks) {
    const found = look();
    if (found !== undefined) return found;
  }
  return undefined;
}
