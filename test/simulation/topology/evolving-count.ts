import { type TypeDescriptor, types } from '../../../core/index.js';

/** A count as a job of some version keeps it. */
export interface EvolvingCount {
  readonly type: TypeDescriptor<unknown>;
  /** What a stored value says: how many there were, and how many the next one is worth. */
  read(value: unknown): { readonly count: number; readonly step: number };
  write(count: number): unknown;
}

const FIRST: EvolvingCount = {
  type: types.object({ first: types.string, count: types.int32 }) as TypeDescriptor<unknown>,
  read: (value) => ({ count: (value as { count: number }).count, step: 1 }),
  write: (count) => ({ first: 'goes later', count }),
};

const UNDECLARED: EvolvingCount = { ...FIRST, type: types.dynamic() };

/** A field less, one renamed and widened, one more, on whose value the results depend. */
const SECOND: EvolvingCount = {
  type: types.object(
    { step: types.withDefault(types.int32, 1), n: types.float64 },
    { renamed: { n: 'count' } },
  ) as TypeDescriptor<unknown>,
  read: (value) => {
    const { n, step } = value as { n: number; step: number };
    return { count: n, step };
  },
  write: (count) => ({ step: 1, n: count }),
};

/** Another one, nested, and the fields in another order. */
const THIRD: EvolvingCount = {
  type: types.object(
    {
      n: types.float64,
      more: types.withDefault(types.object({ half: types.float64 }), { half: 0.5 }),
      note: types.optional(types.string),
      step: types.withDefault(types.float64, 1),
    },
    { renamed: { n: 'count' } },
  ) as TypeDescriptor<unknown>,
  read: (value) => {
    const { n, step, more } = value as { n: number; step: number; more: { half: number } };
    return { count: n, step: step / 2 + more.half };
  },
  write: (count) => ({ n: count, step: 1, more: { half: 0.5 } }),
};

/** The count of a job of the version, which was changed whenever the job was stopped. */
export function evolvingCount(version: number, declared: boolean): EvolvingCount {
  const versions = declared ? [FIRST, SECOND, THIRD] : [UNDECLARED, FIRST, SECOND, THIRD];
  return versions[Math.min(version, versions.length - 1)] ?? FIRST;
}
