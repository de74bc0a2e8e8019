/** What a subtask of a vertex does in a second: the shares of its time, and records. */
export interface Pace {
  readonly id: string;
  readonly name: string;
  readonly parallelism: number;
  readonly busy: number;
  readonly backPressured: number;
  readonly in: number;
  readonly out: number;
  /** Milliseconds behind now; undefined: none yet. */
  readonly behindMs: number | undefined;
  readonly inputs: readonly (readonly [id: string, shipStrategy: string])[];
}

const id = (digit: string): string => digit.repeat(32);

export const PACES: readonly Pace[] = [
  {
    id: id('a'),
    name: 'Source: flights -> parse',
    parallelism: 2,
    busy: 0.11,
    backPressured: 0.86,
    in: 0,
    out: 21_400,
    behindMs: 4000,
    inputs: [],
  },
  {
    id: id('b'),
    name: 'Source: rules',
    parallelism: 1,
    busy: 0.01,
    backPressured: 0,
    in: 0,
    out: 0.2,
    behindMs: undefined,
    inputs: [],
  },
  {
    id: id('c'),
    name: 'mean-delay',
    parallelism: 4,
    busy: 0.97,
    backPressured: 0.01,
    in: 10_700,
    out: 420,
    behindMs: 4000,
    inputs: [[id('a'), 'HASH']],
  },
  {
    id: id('d'),
    name: 'apply-rules -> format',
    parallelism: 2,
    busy: 0.22,
    backPressured: 0.03,
    in: 840,
    out: 840,
    behindMs: undefined,
    inputs: [
      [id('c'), 'REBALANCE'],
      [id('b'), 'BROADCAST'],
    ],
  },
  {
    id: id('e'),
    name: 'Sink: results',
    parallelism: 1,
    busy: 0.35,
    backPressured: 0,
    in: 1680,
    out: 1680,
    behindMs: undefined,
    inputs: [[id('d'), 'REBALANCE']],
  },
  {
    id: id('f'),
    name: 'Sink: late flights',
    parallelism: 1,
    busy: 0.02,
    backPressured: 0,
    in: 12,
    out: 12,
    behindMs: 4000,
    inputs: [[id('c'), 'REBALANCE']],
  },
];
