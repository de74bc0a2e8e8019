import { type TypeDescriptor, types } from '../../../core/index.js';

/** What is known of a key. */
export interface Story {
  readonly count: number;
  readonly sum: number;
  /** Sums by kind. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly last: readonly number[];
}

/** A story as a job of some version keeps it. */
export interface EvolvingStory {
  readonly type: TypeDescriptor<unknown>;
  read(value: unknown): Story;
  write(story: Story): unknown;
}

function storyOf<T>(
  type: TypeDescriptor<T>,
  read: (value: T) => Story,
  write: (story: Story) => T,
): EvolvingStory {
  return { type: type as TypeDescriptor<unknown>, read: (value) => read(value as T), write };
}

const FIRST_TYPE = types.object({
  count: types.int32,
  sum: types.int32,
  at: types.timestamp,
  kinds: types.map(types.string, types.int32),
  last: types.array(types.int32),
  mood: types.union('is', {
    low: types.object({ by: types.int32 }),
    high: types.object({ by: types.int32 }),
  }),
  seen: types.optional(types.string),
  gone: types.string,
  nothing: types.void,
});

const FIRST = storyOf(
  FIRST_TYPE,
  ({ count, sum, kinds, last, mood }) => {
    if (mood.by !== Math.abs(sum)) throw new Error(`The sum is ${sum}, and the mood ${mood.by}.`);
    return { count, sum, kinds, last };
  },
  ({ count, sum, kinds, last }) => ({
    count,
    sum,
    at: count,
    kinds: new Map(kinds),
    last: [...last],
    mood: { is: sum < 0 ? ('low' as const) : ('high' as const), by: Math.abs(sum) },
    ...(count % 2 === 0 ? { seen: `at ${count}` } : {}),
    gone: 'later',
    nothing: undefined,
  }),
);

const UNDECLARED_FIRST: EvolvingStory = { ...FIRST, type: types.dynamic() };

/** Fields are renamed, widened, new and gone, at the top and below; what was absent has a default. */
const SECOND_TYPE = types.object(
  {
    step: types.withDefault(types.int32, 1),
    n: types.float64,
    total: types.bigint,
    at: types.float64,
    last: types.array(types.optional(types.float64)),
    kinds: types.map(types.string, types.float64),
    mood: types.union('is', {
      high: types.object({ by: types.float64, from: types.withDefault(types.string, 'below') }),
      even: types.object({}),
      low: types.object({ by: types.float64 }),
    }),
    seen: types.withDefault(types.string, 'never'),
    nothing: types.optional(types.int32),
  },
  { renamed: { n: 'count', total: 'sum' } },
);

const SECOND = storyOf(
  SECOND_TYPE,
  ({ step, n, total, at, last, kinds, mood, seen, nothing }) => {
    const by = 'by' in mood ? mood.by : 0;
    if (by !== Math.abs(Number(total)))
      throw new Error(`The sum is ${total}, and the mood ${mood.is} ${by}.`);
    if (at !== n || nothing !== undefined || seen !== (n % 2 === 0 ? `at ${n}` : 'never'))
      throw new Error(`Of ${n} it says ${at}, ${seen} and ${nothing}.`);
    return { count: n + step - 1, sum: Number(total), kinds, last: last.map((id) => id ?? -1) };
  },
  ({ count, sum, kinds, last }) => ({
    step: 1,
    n: count,
    total: BigInt(sum),
    at: count,
    last: [...last],
    kinds: new Map(kinds),
    mood:
      sum === 0
        ? { is: 'even' as const }
        : sum < 0
          ? { is: 'low' as const, by: -sum }
          : { is: 'high' as const, by: sum, from: 'above' },
    seen: count % 2 === 0 ? `at ${count}` : 'never',
  }),
);

/** What no rule can make of the one before. */
const THIRD_TYPE = types.withMigration(
  types.object({
    numbers: types.array(types.float64),
    kinds: types.array(types.object({ kind: types.string, sum: types.float64 })),
    last: types.string,
  }),
  SECOND_TYPE,
  ({ n, total, kinds, last }) => ({
    numbers: [n, Number(total)],
    kinds: [...kinds].map(([kind, sum]) => ({ kind, sum })),
    last: last.join(' '),
  }),
);

const THIRD = storyOf(
  THIRD_TYPE,
  ({ numbers: [count = -1, sum = -1], kinds, last }) => ({
    count,
    sum,
    kinds: new Map(kinds.map(({ kind, sum: of }) => [kind, of])),
    last: last.split(' ').map(Number),
  }),
  ({ count, sum, kinds, last }) => ({
    numbers: [count, sum],
    kinds: [...kinds].map(([kind, of]) => ({ kind, sum: of })),
    last: last.join(' '),
  }),
);

const UNDECLARED_THIRD: EvolvingStory = { ...THIRD, type: types.dynamic() };

const VERSIONS = [UNDECLARED_FIRST, FIRST, SECOND, THIRD, UNDECLARED_THIRD, THIRD] as const;
export const STORY_VERSIONS = VERSIONS.length;

/** The story of a job of the version. */
export function evolvingStory(version: number): EvolvingStory {
  return VERSIONS[version] ?? UNDECLARED_FIRST;
}
