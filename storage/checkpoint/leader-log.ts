import { invariant, isMillraceError, type JobHolder, MillraceError } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { slotKey } from './checkpoint-paths.js';
import { type LogSurvey, listSlots, readSlot } from './job-log.js';
import {
  BODY_BYTES_MAX,
  encodeLogEntry,
  entryHash,
  type LogEntryHead,
  type LogEntryKind,
  type LoggedResult,
  type SlotReference,
} from './log-entry.js';

const NO_BYTES = new Uint8Array(0);
/** How often a claim of which the outcome is unknown is tried again. */
const TRIES_MAX = 3;
/** For each entry that cannot be read, this many ids are taken to be used: far more than a leader aborts in a row. */
const IDS_PER_UNREADABLE_SLOT = 1000;

export interface EpochRequest {
  /** What is led, for messages: `the job 'delays'`. */
  readonly subject: string;
  readonly holder: JobHolder;
  readonly startedMs: number;
  /** Whether a run begins; otherwise the newest one goes on. */
  readonly newRun: boolean;
  /** See {@link LogEntryHead}. */
  readonly jobId?: string;
  /** What is written into the start slot beside its head. */
  readonly body?: Uint8Array;
}

/** What is put into the next slot. */
export interface Claim {
  readonly kind: LogEntryKind;
  /** For `checkpoint`. */
  readonly checkpointId?: number;
  readonly body?: Uint8Array;
  /** For `result`. */
  readonly result?: LoggedResult;
}

/**
 * The log as its leader writes it.
 *
 * A leader begins by claiming a `start` slot, whose number is its epoch. From then on an older leader cannot
 * complete anything: the slot that it would claim next is taken. A process that was paused for so long that
 * its next slot was taken, became old and was removed again could still create it; so each claim is
 * confirmed by a look at the whole log, and is void if a higher slot exists or if the slot below is gone.
 * Since the newest slot is never removed, a claim that is confirmed was the first of its number.
 *
 * Invariants:
 * - `#newest` is the newest slot of the log, written by this leader, unless it has been fenced off;
 * - at most one slot is unsettled: its claim was rejected, and it holds one of `attempts` or nothing;
 * - a leader that has once been fenced off never claims, and no caller of it goes on to delete: every method
 *   rejects with MR8003;
 * - calls are made one at a time.
 */
export class LeaderLog {
  readonly epoch: number;
  readonly run: number;
  readonly #store: ObjectStore;
  readonly #subject: string;
  #newest: Newest;
  #unsettled: Unsettled | undefined;
  #fenced: MillraceError | undefined;

  /** For {@link begin}: `newest` is the start slot, about to be claimed. */
  private constructor(store: ObjectStore, subject: string, newest: Newest) {
    this.#store = store;
    this.#subject = subject;
    this.#newest = newest;
    this.epoch = newest.head.epoch;
    this.run = newest.head.run;
  }

  /**
   * Takes the lead with the slot after the newest one of the survey. Resolves to undefined if the log has
   * moved on meanwhile: look again, and decide anew. A rejection leaves behind at most a start slot.
   */
  static async begin(
    store: ObjectStore,
    survey: LogSurvey,
    request: EpochRequest,
  ): Promise<LeaderLog | undefined> {
    const slot = survey.newestSlot + 1;
    const { head, unreadable } = survey;
    const newRun = request.newRun || head === undefined;
    const start: LogEntryHead = {
      slot,
      epoch: slot,
      run: newRun ? slot : head.run,
      kind: 'start',
      newestCheckpointId: (head?.newestCheckpointId ?? 0) + unreadable * IDS_PER_UNREADABLE_SLOT,
      checkpointsInRun: newRun ? 0 : head.checkpointsInRun + unreadable,
      previousHash: survey.newestHash,
      startedMs: request.startedMs,
      holder: request.holder,
      jobId: request.jobId ?? '',
      checkpointBelow:
        newRun || unreadable > 0 ? undefined : checkpointUpTo({ head, hash: survey.newestHash }),
      result: undefined,
    };
    const attempt = written(start, request.body ?? NO_BYTES);
    const log = new LeaderLog(store, request.subject, attempt);
    try {
      await log.#claim({ slot, attempts: [attempt] }, attempt, TRIES_MAX);
      return log;
    } catch (error) {
      if (isMillraceError(error) && error.code === 'MR8003') return undefined;
      throw error;
    }
  }

  /** Head of the newest slot: how the job stands. */
  get head(): LogEntryHead {
    return this.#newest.head;
  }

  /**
   * Claims the next slot. Rejects with MR8003 if it was lost. Another rejection leaves the outcome unknown
   * until {@link settle}; with `persistent`, the same entry is tried again before that.
   */
  async append(claim: Claim, persistent: boolean): Promise<void> {
    await this.settle();
    const attempt = this.#compose(claim);
    await this.#claim({ slot: attempt.head.slot, attempts: [attempt] }, attempt, persistent ? TRIES_MAX : 1);
  }

  /**
   * Finds out how a claim ended whose outcome is unknown, for good: where the store's requests may take
   * effect late, by claiming the same slot for nothing.
   */
  async settle(): Promise<void> {
    if (this.#fenced !== undefined) throw this.#fenced;
    const unsettled = this.#unsettled;
    if (unsettled === undefined) return;
    const exists = (await this.#store.head(slotKey(unsettled.slot))) !== undefined;
    if (!exists && !this.#store.mayLandLate) {
      this.#unsettled = undefined;
      return;
    }
    if (unsettled.attempts.length === 1) unsettled.attempts.push(this.#compose({ kind: 'void' }));
    const attempt = unsettled.attempts.at(-1);
    invariant(attempt !== undefined, 'an unsettled slot has an attempt');
    await this.#claim(unsettled, attempt, TRIES_MAX);
  }

  /** The slots of the log. Rejects with MR8003 if somebody else has claimed one since. */
  async slots(): Promise<readonly number[]> {
    await this.settle();
    return this.#confirm(this.#newest.head.slot);
  }

  #compose(claim: Claim): Written {
    const { head, hash: previousHash } = this.#newest;
    invariant(head.kind !== 'result', 'after the result nothing is logged', { slot: head.slot });
    const isCheckpoint = claim.kind === 'checkpoint';
    const body = claim.body ?? NO_BYTES;
    if (body.length > BODY_BYTES_MAX) {
      throw new MillraceError(
        'MR3007',
        `The manifest has ${body.length} bytes, at most ${BODY_BYTES_MAX} are stored`,
        {
          why: 'operator state (lists, broadcast state, splits) is part of it',
          hint: 'keep large state in keyed state',
        },
      );
    }
    const next: LogEntryHead = {
      ...head,
      slot: head.slot + 1,
      kind: claim.kind,
      newestCheckpointId: claim.checkpointId ?? head.newestCheckpointId,
      checkpointsInRun: head.checkpointsInRun + (isCheckpoint ? 1 : 0),
      previousHash,
      checkpointBelow: checkpointUpTo(this.#newest),
      result: claim.result,
    };
    invariant(
      !isCheckpoint || next.newestCheckpointId > head.newestCheckpointId,
      'ids of completed checkpoints strictly grow',
      { last: head.newestCheckpointId, next: next.newestCheckpointId },
    );
    return written(next, body);
  }

  async #claim(unsettled: Unsettled, attempt: Written, triesMax: number): Promise<void> {
    this.#unsettled = unsettled;
    const { slot } = unsettled;
    for (let tries = 1; ; tries++) {
      try {
        const won = await this.#store.createIfAbsent(slotKey(slot), attempt.bytes);
        const winner = won ? attempt : await this.#winnerOf(unsettled);
        const slots = await this.#confirm(slot);
        if (slot > 1 && slots.at(-2) !== slot - 1) this.#fence(slot - 1, GONE);
        this.#newest = { head: winner.head, hash: winner.hash };
        this.#unsettled = undefined;
        return;
      } catch (error) {
        if (this.#fenced !== undefined || tries >= triesMax) throw error;
      }
    }
  }

  /** Which of our attempts is in the slot that was found taken. */
  async #winnerOf({ slot, attempts }: Unsettled): Promise<Written> {
    const reading = await readSlot(this.#store, slot);
    if (reading === undefined) return this.#fence(slot, 'it was taken and removed again');
    const ours = attempts.find(({ bytes }) => areEqual(bytes, reading.bytes));
    if (ours !== undefined) return ours;
    if (reading.head === undefined) throw reading.error;
    return this.#fence(slot, takenBy(reading.head));
  }

  /** Resolves to all slots; the given one is the newest of them. */
  async #confirm(slot: number): Promise<readonly number[]> {
    if (this.#fenced !== undefined) throw this.#fenced;
    const slots = await listSlots(this.#store);
    const newest = slots.at(-1) ?? 0;
    if (newest > slot) {
      const head = (await readSlot(this.#store, newest))?.head;
      return this.#fence(newest, head === undefined ? 'it is not ours' : takenBy(head));
    }
    if (newest < slot) return this.#fence(slot, GONE);
    return slots;
  }

  #fence(slot: number, why: string): never {
    this.#fenced = new MillraceError('MR8003', `This process no longer leads ${this.#subject}`, {
      where: { at: this.#store.describe(slotKey(slot)) },
      why: `slot ${slot} of its log is not of epoch ${this.epoch}: ${why}`,
      hint: 'nothing; the other process goes on from the newest completed checkpoint',
    });
    throw this.#fenced;
  }
}

const GONE = 'it is gone: the folder was removed, or another process has long taken over';

interface Newest {
  readonly head: LogEntryHead;
  readonly hash: number;
}

/** An entry as it is in the log, or would be. */
interface Written extends Newest {
  readonly bytes: Uint8Array;
}

interface Unsettled {
  readonly slot: number;
  readonly attempts: Written[];
}

/** The newest checkpoint of the run, that entry itself included. */
function checkpointUpTo({ head, hash }: Newest): SlotReference | undefined {
  return head.kind === 'checkpoint' ? { slot: head.slot, hash } : head.checkpointBelow;
}

function written(head: LogEntryHead, body: Uint8Array): Written {
  const bytes = encodeLogEntry(head, body);
  return { head, bytes, hash: entryHash(bytes) };
}

function takenBy({ epoch, holder }: LogEntryHead): string {
  return `it was claimed in epoch ${epoch} by process ${holder.pid} on ${holder.host}`;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
