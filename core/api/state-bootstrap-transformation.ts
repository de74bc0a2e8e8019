import type { KeySelector } from '../operator/functions.js';
import type {
  KeyedStateBootstrapFunction,
  StateBootstrapFunction,
} from '../operator/state-bootstrap-function.js';
import type { OperatorFactory } from '../operator/stream-operator.js';
import { checkCount } from './operator-settings.js';

/** What a transformation does. Functions take what their data hold. */
export type StateBootstrap =
  | {
      readonly kind: 'operator';
      readonly data: Iterable<unknown> | AsyncIterable<unknown>;
      readonly fn: StateBootstrapFunction<never>;
    }
  | {
      readonly kind: 'keyed';
      readonly data: Iterable<unknown> | AsyncIterable<unknown>;
      readonly keySelector: KeySelector<unknown, unknown>;
      readonly fn: KeyedStateBootstrapFunction<never, never>;
    }
  | {
      readonly kind: 'window';
      readonly data: Iterable<unknown> | AsyncIterable<unknown>;
      /** Event time, ms since the epoch; undefined: records have none. */
      readonly timestampOf: ((value: never) => number) | undefined;
      /** Of the window operator that a job would have. */
      readonly factory: OperatorFactory;
    };

/**
 * The state of one operator, to be made when a savepoint is written.
 *
 * @example
 * ```ts
 * function withMoreGroups(writer: SavepointWriter, counts: StateBootstrapTransformation): SavepointWriter {
 *   return writer.withOperator('counts', counts.setMaxParallelism(512));
 * }
 * ```
 */
export class StateBootstrapTransformation {
  readonly bootstrap: StateBootstrap;
  #maxParallelism: number | undefined;

  constructor(bootstrap: StateBootstrap) {
    this.bootstrap = bootstrap;
  }

  /** Undefined: that of the savepoint. */
  get maxParallelism(): number | undefined {
    return this.#maxParallelism;
  }

  /** The number of key groups of this operator, as the job's will have it. */
  setMaxParallelism(maxParallelism: number): this {
    this.#maxParallelism = checkCount(maxParallelism, 'maximum parallelism');
    return this;
  }
}
