/** Where a task's records come from: its channels, or its source. */
export interface TaskInput {
  /** Delivers up to about `budget` records or events; 0 when there was nothing to do. */
  poll(budget: number): number;
  /** False: `poll` would have nothing to do now. */
  hasInput(): boolean;
}
