import { MillraceError, parseIso8601, type TypeNode } from '../../core/internal.js';

/**
 * What hyparquet makes of dates and times: milliseconds, with what is finer cut off. Values may be absent.
 * Texts that are not UTF-8 are an error, not replacement characters.
 */
export const PARQUET_PARSERS = {
  timestampFromMilliseconds: (millis: bigint) => (isAbsent(millis) ? undefined : Number(millis)),
  timestampFromMicroseconds: (micros: bigint) => (isAbsent(micros) ? undefined : millisOf(micros, 1000n)),
  timestampFromNanoseconds: (nanos: bigint) => (isAbsent(nanos) ? undefined : millisOf(nanos, 1_000_000n)),
  dateFromDays: (days: number) => (isAbsent(days) ? undefined : days * 86_400_000),
  stringFromBytes: (bytes: Uint8Array) => (isAbsent(bytes) ? undefined : utf8.decode(bytes)),
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Rounded down, before 1970 too. */
function millisOf(value: bigint, unit: bigint): number {
  const millis = value / unit;
  return Number(value % unit < 0n ? millis - 1n : millis);
}

/**
 * A value of a Parquet column as the declared type has it: 64-bit integers become numbers where a number is
 * declared and they are exact in it; null is undefined, where that is allowed.
 *
 * @throws MillraceError MR2002 naming the field
 */
export function convertParquetValue(type: TypeNode, value: unknown, path: string): unknown {
  switch (type.kind) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'int32': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number === 'number' && (number | 0) === number) return number | 0;
      break;
    }
    case 'float64':
      if (typeof value === 'number') return value;
      if (typeof value === 'bigint' && isExact(value)) return Number(value);
      break;
    case 'timestamp': {
      const ms =
        typeof value === 'string' ? parseIso8601(value) : typeof value === 'bigint' ? Number(value) : value;
      if (typeof ms === 'number' && Number.isSafeInteger(ms)) return ms;
      break;
    }
    case 'bigint':
      if (typeof value === 'bigint') return value;
      if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'bytes':
      // A copy: the column's values lie in one large buffer, which a record must not keep alive.
      if (value instanceof Uint8Array) return value.slice();
      break;
    case 'dynamic':
      return value ?? undefined;
    case 'optional':
      return isAbsent(value) ? undefined : convertParquetValue(type.element, value, path);
    case 'array':
      if (Array.isArray(value))
        return value.map((v, i) => convertParquetValue(type.element, v, `${path}[${i}]`));
      break;
    case 'object':
      if (isObject(value)) {
        const converted: Record<string, unknown> = {};
        for (const field of type.fields) {
          converted[field.name] = convertParquetValue(field.type, value[field.name], `${path}.${field.name}`);
        }
        return converted;
      }
      break;
    case 'map':
      if (isObject(value)) return convertMap(type.key, type.value, value, path);
      break;
    case 'union':
    case 'void':
      break;
  }
  throw new MillraceError('MR2002', `Column '${path}' holds ${show(value)}, which is no ${type.kind}.`, {
    hint: isAbsent(value)
      ? 'Declare it types.optional(...) if it may be null.'
      : 'Declare the type that the column has.',
  });
}

/** hyparquet gives maps with text keys as objects. */
function convertMap(
  key: TypeNode,
  element: TypeNode,
  value: Readonly<Record<string, unknown>>,
  path: string,
): unknown {
  const map = new Map<unknown, unknown>();
  for (const name of Object.keys(value)) {
    map.set(
      convertParquetValue(key, name, `${path} key`),
      convertParquetValue(element, value[name], `${path}.${name}`),
    );
  }
  return map;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function isExact(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}

function show(value: unknown): string {
  if (isAbsent(value)) return 'null';
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' ? 'a value of another kind' : String(value);
}
