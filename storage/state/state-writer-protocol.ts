import type { WireError } from '../../core/internal.js';

/**
 * What a keyed state store and the state writer say to each other. One store speaks for one LMDB environment,
 * which it names by its path; messages of one store are carried out in order, each in one transaction.
 */
export type StateWriterMessage =
  | {
      readonly type: 'write';
      readonly path: string;
      /** Comes back in the reply. */
      readonly sequence: number;
      /** Rows in the form of a file's block (row-file-layout.ts), as of tables that are not ordered: given away. */
      readonly rows: readonly Uint8Array[];
      /** Size of the store's other files on that disk (spill-files.ts), which count to its quota. */
      readonly spilledBytes: number;
    }
  /** That size has changed much since it was told last. Answered only if it is too much, by `failed`. */
  | { readonly type: 'spilled'; readonly path: string; readonly spilledBytes: number }
  /** The environment is of no use any more: it is closed, and its folder removed. Answered by `closed`. */
  | { readonly type: 'close'; readonly path: string };

export type StateWriterReply =
  | {
      /** Committed: who begins a read transaction from now on sees it. */
      readonly type: 'written';
      readonly path: string;
      readonly sequence: number;
      /** Size of what the environment holds, about. */
      readonly storedBytes: number;
    }
  | { readonly type: 'closed'; readonly path: string }
  | { readonly type: 'failed'; readonly path: string; readonly error: WireError };

/** A store's end of its connection with the state writer. */
export interface StateWriterPort {
  post(message: StateWriterMessage): void;
  /** The next reply that has arrived. */
  receive(): StateWriterReply | undefined;
  /** Waits, blocking the thread, until `receive` has something, at most `timeoutMs`. */
  wait(timeoutMs: number): void;
}
