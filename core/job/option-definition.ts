/**
 * What one row of the configuration table says. The tables themselves are plain data; their types are
 * read off them, so a key, its type and its default stand in one place only.
 */

/** The form of a value. Sizes are bytes, durations milliseconds once they are resolved. */
export type OptionType =
  | { readonly kind: 'memory' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'int' }
  | { readonly kind: 'double' }
  | { readonly kind: 'fraction' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'string' }
  | {
      readonly kind: 'enum';
      readonly values: readonly string[];
      /** Names that mean one of `values`; a leading `~` of the target asks for no warning. */
      readonly aliases?: Readonly<Record<string, string>>;
      /** Names that meant something once, in lower case, and why they are refused. */
      readonly gone?: Readonly<Record<string, string>>;
    };

/** Bounds of a number, a duration (ms) or a size (bytes). `min` and `max` are in range, the others not. */
export interface OptionRange {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly except?: number;
}

export interface OptionDefinition {
  readonly type: OptionType;
  /** As a person would write it; undefined means unset. */
  readonly default: string | number | boolean | undefined;
  readonly range?: OptionRange;
  /** One line, for `--help` and the table in the README. */
  readonly description: string;
  /** Older names of this key, accepted with a warning; the newer name wins where both are set. */
  readonly deprecatedKeys?: readonly string[];
  /**
   * `memory` keeps the value as written: the memory calculator reads it on the path that needs it, so
   * that, as in Flink, a value that no path reads is no error.
   */
  readonly judgedBy?: 'memory';
}

type Parsed<D extends OptionDefinition> = D extends { readonly judgedBy: 'memory' }
  ? string
  : D['type'] extends { readonly kind: 'memory' | 'duration' | 'int' | 'double' | 'fraction' }
    ? number
    : D['type'] extends { readonly kind: 'boolean' }
      ? boolean
      : D['type'] extends { readonly kind: 'enum'; readonly values: readonly (infer V)[] }
        ? V
        : string;

/** The type of a resolved value: undefined only where the table has no default. */
export type OptionValue<D extends OptionDefinition> = undefined extends D['default']
  ? Parsed<D> | undefined
  : Parsed<D>;

export type OptionTable = Readonly<Record<string, OptionDefinition>>;
