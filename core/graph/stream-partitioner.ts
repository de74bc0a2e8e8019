/**
 * Chooses the consumer of each record of one edge, for one producing subtask. Watermarks, barriers and the
 * like always go to every channel.
 */
export interface StreamPartitioner<T> {
  /** True: every record goes to every channel, and `selectChannel` is not asked. */
  readonly isBroadcast: boolean;
  /** In [0, channels). */
  selectChannel(value: T): number;
}
