/**
 * The control block of a channel in shared memory: a ring of segment ids, single producer, single consumer.
 *
 * ```
 *   int32 word
 *     0   +--------------------------------+
 *         | tail                           |  written by the producer
 *    32   +--------------------------------+
 *         | head                           |  written by the consumer
 *    64   +--------------------------------+
 *         | announcement                   |  written by the producer
 *         |   +0 version   +1 position     |
 *         |   +2 offset    +3 kind         |
 *         |   +4 checkpoint low  +5 high   |
 *         |   +6 timestamp low   +7 high   |
 *         |   +8 end position  +9 offset   |
 *    96   +--------------------------------+
 *         | slot 0 … slot capacity - 1     |  segment ids; written by the producer
 *         +--------------------------------+
 * ```
 *
 * Each part lies on lines of its own: 128 bytes, because neighbouring 64-byte lines are fetched in pairs.
 *
 * Positions count segments since the channel was made, modulo 2^32; slot `position & (capacity - 1)` holds
 * the id. All words that both ends touch are accessed by Atomics, which order everything around them.
 *
 * ```
 *      reclaimed      head              tail           reclaimed + capacity
 *   -------+------------+-----------------+-------------------+------>  position
 *          | read; the  | published; the  |  slots to come    |
 *          | producer   | first one may   |
 *          | takes the  | be being read   |
 *          | ids back   |
 * ```
 *
 * Ids come back by the same slots: the consumer moves `head` past a segment that it has read to the end, and
 * the producer takes the ids between `reclaimed`, which only it knows, and `head`. Segments are consumed in
 * order, so a second ring for the way back would say nothing that `head` does not.
 *
 * The announcement tells of a checkpoint without needing room in the ring, so that its barrier can be seen
 * before what lies in front of it has been read; likewise the end of the channel. It is written under an odd
 * version and valid under the even one that follows; the reader tries again if the version moved. It is there
 * before the bytes are that it tells of: who sees a barrier can know where it is.
 */
export const LINE_WORDS = 32;

export const RingWord = {
  TAIL: 0,
  HEAD: LINE_WORDS,
  ANNOUNCEMENT: 2 * LINE_WORDS,
  SLOTS: 3 * LINE_WORDS,
} as const;

export const AnnouncementWord = {
  VERSION: 0,
  /** Position of the segment that holds, or will hold, the barrier. */
  POSITION: 1,
  /** Offset of the barrier in that segment. */
  OFFSET: 2,
  /** 0 none yet, 1 checkpoint, 2 savepoint. */
  KIND: 3,
  CHECKPOINT_LOW: 4,
  CHECKPOINT_HIGH: 5,
  TIMESTAMP_LOW: 6,
  TIMESTAMP_HIGH: 7,
  /** Place of END_OF_PARTITION, as of the barrier; the offset is 0 while it is not known. */
  END_POSITION: 8,
  END_OFFSET: 9,
} as const;

/** Words of a control block with `capacity` slots, a whole number of lines. */
export function ringWords(capacity: number): number {
  return RingWord.SLOTS + Math.ceil(capacity / LINE_WORDS) * LINE_WORDS;
}

/** The least power of two that is no less than `segments`. */
export function ringCapacity(segments: number): number {
  let capacity = 1;
  while (capacity < segments) capacity *= 2;
  return capacity;
}
