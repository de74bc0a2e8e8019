/** Event time of one operator of one task, as the task tells it. Plain data. */
export interface OperatorEventTime {
  readonly uid: string;
  readonly name: string;
  /** What it has been told; of a source, what it has said. `Watermark.MIN` before the first. */
  readonly watermark: number;
  /** Wall time at which that came, ms; before the first, when the task began. */
  readonly sinceMs: number;
  /** Nothing comes, and nobody waits for it. */
  readonly idle: boolean;
  /** Why `watermark` is not greater; nothing where nothing holds it back. */
  readonly heldBackBy: readonly HeldBackBy[];
}

export type HeldBackBy =
  /** A channel of the task: the producing subtask at the other end of that edge. */
  | { readonly kind: 'channel'; readonly edgeId: number; readonly subtask: number }
  /** The operator before it in its chain. */
  | { readonly kind: 'operator'; readonly uid: string; readonly name: string }
  /** A split that the source reads. */
  | { readonly kind: 'split'; readonly splitId: string; readonly watermark: number }
  /** The alignment group: the source rests, being ahead of it. */
  | { readonly kind: 'alignment'; readonly group: string }
  /** The source tells no splits apart: its records, or that there are none. */
  | { readonly kind: 'records' };
