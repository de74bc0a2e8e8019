import { invariant } from '../base/invariant.js';
import type { TaskAddress, TaskMessage } from '../protocol/control-message.js';

type Reader = Pick<TaskAddress, 'vertexId' | 'subtask'>;

interface ReaderLog {
  /** Splits that it was sent and the newest completed checkpoint does not hold, in order. */
  sent: (readonly unknown[])[];
  /** By checkpoint that it was triggered for: how many of `sent` its snapshot holds. */
  readonly marks: Map<number, number>;
  /** It was told that no more splits follow. */
  told: boolean;
  /** It has ended before it was told. */
  ended: boolean;
  /** It has asked for a split, and been sent nothing since. */
  asking: boolean;
}

/**
 * What the readers of a job's sources have been sent since their last snapshots. A reader that is restarted alone is
 * sent it again, since its enumerator goes on; an enumerator that is restarted alone is told of the readers that go
 * on.
 *
 * Invariant: messages reach a reader in the order in which they are noted here, so its snapshot for a checkpoint
 * holds what was noted before it was triggered, and nothing else.
 */
export class SplitAssignmentTracker {
  readonly #logs = new Map<string, ReaderLog>();

  /** What goes to a reader, or would if it ran. */
  onSent(reader: Reader, message: TaskMessage): void {
    const log = this.#logOf(reader);
    switch (message.type) {
      case 'splits-assigned':
        log.sent.push(message.splits);
        log.asking = false;
        break;
      case 'no-more-splits':
        log.told = true;
        log.asking = false;
        break;
      case 'trigger-checkpoint':
        log.marks.set(message.checkpointId, log.sent.length);
        break;
      case 'checkpoint-aborted':
        log.marks.delete(message.checkpointId);
        break;
      case 'checkpoint-completed':
        this.#trim(log, message.checkpointId);
    }
  }

  onRequested(reader: Reader): void {
    this.#logOf(reader).asking = true;
  }

  onEnded(reader: Reader): void {
    this.#logOf(reader).ended = true;
  }

  /** Whether it got something that the checkpoint does not hold. */
  hasSince(reader: Reader, checkpointId: number | undefined): boolean {
    return this.#since(this.#logOf(reader), checkpointId).length > 0;
  }

  /** The reader begins from the checkpoint. `enumerator`: so does its enumerator, which will send what it needs. */
  onRestored(reader: Reader, checkpointId: number | undefined, enumerator: boolean): void {
    const log = this.#logOf(reader);
    log.sent = enumerator ? [] : this.#since(log, checkpointId);
    log.marks.clear();
    log.told = log.told && !enumerator;
    log.ended = false;
    log.asking = false;
  }

  /** For a reader that has been restarted: what it had been sent. */
  again(reader: Reader): readonly TaskMessage[] {
    const { sent, told } = this.#logOf(reader);
    const messages: TaskMessage[] = sent.map((splits) => ({ type: 'splits-assigned', splits }));
    return told ? [...messages, { type: 'no-more-splits' }] : messages;
  }

  /** For an enumerator that has been restarted: what it has to know of a reader that has not. */
  known(reader: Reader): TaskMessage | undefined {
    const { told, ended, asking } = this.#logOf(reader);
    const { subtask } = reader;
    if (told || ended) return { type: 'reader-ended', subtask };
    return asking ? { type: 'split-requested', subtask } : undefined;
  }

  #since({ sent, marks }: ReaderLog, checkpointId: number | undefined): (readonly unknown[])[] {
    return sent.slice(checkpointId === undefined ? 0 : (marks.get(checkpointId) ?? 0));
  }

  #trim(log: ReaderLog, checkpointId: number): void {
    const held = log.marks.get(checkpointId);
    if (held === undefined) return;
    log.sent = log.sent.slice(held);
    for (const [id, count] of [...log.marks]) {
      if (id <= checkpointId) log.marks.delete(id);
      else log.marks.set(id, count - held);
    }
    invariant(
      [...log.marks.values()].every((count) => count >= 0),
      'a later checkpoint holds no fewer splits',
      { checkpointId },
    );
  }

  #logOf({ vertexId, subtask }: Reader): ReaderLog {
    const key = `${vertexId}/${subtask}`;
    const log = this.#logs.get(key) ?? {
      sent: [],
      marks: new Map<number, number>(),
      told: false,
      ended: false,
      asking: false,
    };
    this.#logs.set(key, log);
    return log;
  }
}
