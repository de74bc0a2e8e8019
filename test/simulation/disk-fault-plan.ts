import type { Prng } from '../../core/internal.js';

/** One call of a process on its file system, numbered from 1. */
export interface DiskOperation {
  readonly number: number;
  readonly kind: DiskOperationKind;
  readonly path: string;
  /** Of an append. */
  readonly bytes: number;
}

export type DiskOperationKind =
  | 'open'
  | 'create'
  | 'read'
  | 'append to'
  | 'sync'
  | 'close'
  | 'look at'
  | 'list'
  | 'link'
  | 'remove';

/** What happens to an operation instead of plain success. */
export type DiskFault =
  /** Nothing happens; an error is reported. */
  | { readonly kind: 'fail'; readonly errno: DiskErrno }
  /** It happens; an error is reported all the same. A name given so is not durable yet. */
  | { readonly kind: 'fail-after'; readonly errno: DiskErrno }
  /** Of an append: the first bytes get there, then an error is reported. */
  | { readonly kind: 'short'; readonly errno: DiskErrno; readonly bytes: number }
  /** Of a read: one of its bits comes over wrong; where it lies it is right. `at`: its place, as a share of all. */
  | { readonly kind: 'flip'; readonly at: number }
  /** It takes this many turns of the microtask queue longer. */
  | { readonly kind: 'delay'; readonly turns: number }
  /** It stands still until the promise settles, and then that happens to it: a paused process, a zombie later. */
  | { readonly kind: 'hold'; readonly until: Promise<void>; readonly afterwards?: DiskFault };

export type DiskErrno = 'EIO' | 'ENOSPC' | 'EACCES' | 'EROFS' | 'EMFILE';

/**
 * Decides what goes wrong. Asked once for each operation, in the order in which the process makes them, so a
 * seeded plan gives the same faults to the same run.
 *
 * What is fair: an operation may fail without or with its effect, may be slow, may be cut off by the end of
 * the process; what was not synced may be lost, in any combination, when the machine loses power; a bit of what
 * has a checksum may come over wrong, and is right when it is read again; a stored bit may flip, if a world says
 * so. What is not fair, and never happens: synced bytes or names get lost, an operation reports success without
 * its effect, a link replaces a name or gives one to two callers, bytes of one file turn up in another.
 */
export interface DiskFaultPlan {
  faultOf(operation: DiskOperation): DiskFault | undefined;
}

export const NO_DISK_FAULTS: DiskFaultPlan = { faultOf: () => undefined };

/** Probabilities of an operation's faults; those of `slow` come on top. */
export interface DiskFaultRates {
  /** Fails and did nothing. */
  readonly fail: number;
  /** Fails and did it. */
  readonly failAfter: number;
  /** An append stops halfway, out of space. */
  readonly full: number;
  /** Takes up to 8 turns longer. */
  readonly slow: number;
}

/** Draws faults from a seeded stream; `rates` may be changed while a world runs (to end its faults, say). */
export class RandomDiskFaults implements DiskFaultPlan {
  readonly #prng: Prng;
  rates: DiskFaultRates;

  constructor(prng: Prng, rates: DiskFaultRates) {
    this.#prng = prng;
    this.rates = rates;
  }

  faultOf(operation: DiskOperation): DiskFault | undefined {
    const { fail, failAfter, full, slow } = this.rates;
    const prng = this.#prng;
    // Every operation draws the same count of numbers, so that faults do not shift each other.
    const draw = prng.float();
    const size = prng.float();
    const isSlow = prng.chance(slow);
    if (draw < fail) return { kind: 'fail', errno: 'EIO' };
    if (draw < fail + failAfter) return { kind: 'fail-after', errno: 'EIO' };
    if (operation.kind === 'append to' && draw < fail + failAfter + full) {
      return { kind: 'short', errno: 'ENOSPC', bytes: Math.floor(size * operation.bytes) };
    }
    return isSlow ? { kind: 'delay', turns: 1 + Math.floor(size * 8) } : undefined;
  }
}
