import type { ErrorCode } from '../../core/internal.js';

/**
 * A reader of bytes or text that come from outside, as something that can be given anything.
 *
 * What holds for every target, whatever the bytes: `read` ends, soon and with little memory, and throws one of the
 * `refusals`, or nothing; where it throws nothing, what was read is what the bytes say, which `read` sees to itself by
 * throwing an error of another kind.
 */
export interface FuzzTarget {
  readonly name: string;
  /** Codes by which bytes are refused. Anything else that is thrown is a defect. */
  readonly refusals: readonly ErrorCode[];
  /** Valid inputs: what mutations begin with. */
  seeds(): Promise<readonly Uint8Array[]>;
  /** Words of the format, which mutations put in. */
  readonly words?: readonly string[];
  /** Makes checksums right again, where nothing behind them would be reached otherwise. Not in place. */
  repaired?(bytes: Uint8Array): Uint8Array;
  /** Whether a single changed bit of a seed has to be refused. */
  readonly checksummed?: boolean;
  read(bytes: Uint8Array): void | Promise<void>;
  /** Called last, where the target holds something open. */
  close?(): Promise<void>;
}

/** What was found: a wrong value that was accepted. */
export function found(what: string, values?: unknown): never {
  throw new Error(`${what}${values === undefined ? '' : `: ${shown(values)}`}`);
}

function shown(values: unknown): string {
  const text = JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return text.length > 2000 ? `${text.slice(0, 2000)}...` : text;
}

export function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
