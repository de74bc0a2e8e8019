/** How a world went wrong, and the exit code that says so. */
export const WORLD_EXIT_CODES = { crash: 127, stuck: 128, wrong: 129 } as const;

export type WorldFailureKind = keyof typeof WORLD_EXIT_CODES;

/** A world has shown that the engine is wrong. `crash`: something threw that must not. */
export class WorldFailure extends Error {
  readonly kind: WorldFailureKind;

  constructor(kind: WorldFailureKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'WorldFailure';
    this.kind = kind;
  }
}

/**
 * What was found wrong with a world. Checkers say it here and do not throw: they are called from inside of
 * the engine, which would take their errors for its own.
 *
 * Invariant: the first failure stays.
 */
export class WorldVerdict {
  #failure: WorldFailure | undefined;

  get failure(): WorldFailure | undefined {
    return this.#failure;
  }

  fail(kind: WorldFailureKind, message: string, cause?: unknown): void {
    this.#failure ??= new WorldFailure(kind, message, cause === undefined ? {} : { cause });
  }

  /** `says` is asked only if it does not hold. */
  check(holds: boolean, says: () => string): void {
    if (!holds) this.fail('wrong', says());
  }
}
