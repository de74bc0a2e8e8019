import {
  BarrierAligner,
  invariant,
  isMillraceError,
  mayBeOvertaken,
  type OperatorChain,
  Progress,
  type TaskMessage,
  type TaskMetrics,
  type TaskReport,
  toWireError,
} from '../../core/internal.js';
import { type ChannelMeasures, measureChannels } from './channel-measures.js';
import type { BarrierMeasures, MeasuredTask } from './metric-publisher.js';
import { TaskAssembly } from './task-assembly.js';
import type { TaskEnvironment } from './task-environment.js';
import { nextPhase, type TaskPhase } from './task-phase.js';
import { TaskSnapshots } from './task-snapshots.js';

type TaskOutcome = Extract<TaskReport, { type: 'finished' | 'canceled' | 'failed' }>;

type OrderedMail = Extract<
  TaskMessage,
  { type: 'trigger-checkpoint' | 'splits-assigned' | 'no-more-splits' }
>;

/**
 * One subtask of one vertex: a chain of operators between its input and its output channels. It only wires
 * and routes; alignment, snapshots, channels and operators have their own homes.
 *
 * Invariants:
 * - phases change as {@link nextPhase} lets them; exactly one of finished, failed, canceled is reported;
 * - a step takes about `budget` records and fires about as many timers: mail is served between steps, however
 *   many timers a watermark makes due;
 * - no record is taken while an output is full, an operator has work left, or a step awaits a completion;
 * - splits and triggers take effect in the order in which they were sent;
 * - a snapshot is frozen only between two elements, after every earlier element has been fully processed;
 * - the task ends only when a checkpoint taken after its last result is complete (if there are checkpoints), or
 *   when it is told that the job ends with a complete one, after which its sources took nothing.
 */
export class StreamTask implements MeasuredTask {
  readonly #environment: TaskEnvironment;
  readonly #parts: TaskAssembly;
  readonly #snapshots: TaskSnapshots;
  readonly #aligner: BarrierAligner;
  #phase: TaskPhase = 'opening';
  #opened = false;
  /** Name of the step that is being awaited, for people. */
  #awaiting: string | undefined;
  #early: TaskMessage[] = [];
  /** Triggers and splits, in the order they came: a split that follows a trigger is not in its snapshot. */
  readonly #orderedMail: OrderedMail[] = [];
  #openInputs: number;
  /** The first checkpoint whose snapshot was taken after the end of the data. */
  #finalCheckpointId: number | undefined;
  #finalComplete = false;
  /** The ends of its outputs are written, behind which nothing may come. */
  #ended = false;
  /** The job ends here: what is complete is committed, and nothing flushed. */
  #finishing = false;
  #failed = false;

  constructor(environment: TaskEnvironment) {
    this.#environment = environment;
    const { inputs, settings } = environment;
    const overtakable = inputs.flatMap(({ jobEdge, channels }) =>
      channels.map(
        () => mayBeOvertaken(jobEdge.partitioner) && settings.alignedTimeoutMs !== Number.POSITIVE_INFINITY,
      ),
    );
    this.#aligner = new BarrierAligner(overtakable.length, settings.exactlyOnce, overtakable);
    this.#parts = new TaskAssembly(environment, this.#aligner, {
      onAlignmentStarted: (checkpointId, timestamp, isSavepoint) =>
        this.#snapshots.onAlignmentStarted(checkpointId, timestamp, isSavepoint),
      onAligned: (checkpointId, timestamp, isSavepoint) =>
        this.#snapshots.begin(checkpointId, timestamp, isSavepoint ? 'savepoint' : 'checkpoint'),
      onSubsumed: (checkpointId) => this.#snapshots.declineSubsumed(checkpointId),
      onInputEnded: (inputIndex) => this.#onInputEnded(inputIndex),
      onFailure: (error) => this.fail(error),
    });
    this.#snapshots = new TaskSnapshots(environment, this.#aligner, this.#parts, {
      await: (step, promise, then) => this.#await(step, promise, then),
      onFrozen: (checkpointId) => {
        if (this.#phase === 'draining') this.#finalCheckpointId ??= checkpointId;
      },
    });
    this.#openInputs = this.#parts.inputCount;
  }

  get phase(): string {
    return this.#awaiting === undefined ? this.#phase : `${this.#phase} (awaiting ${this.#awaiting})`;
  }

  /**
   * Monotonic time at which `runOnce` has something to do even if nothing arrives; Infinity: never. A time that
   * has passed waits too, for as long as the task awaits a step or room in its outputs.
   */
  get nextWakeMs(): number {
    if (this.#awaiting !== undefined) return Number.POSITIVE_INFINITY;
    const overtakingMs = this.#snapshots.nextWakeMs;
    return this.#parts.room.full ? overtakingMs : Math.min(overtakingMs, this.#parts.nextWakeMs);
  }

  get isBackPressured(): boolean {
    return this.#parts.room.full;
  }

  get records(): number {
    return this.#parts.records();
  }

  get watermark(): number {
    return this.#parts.watermark();
  }

  get recordsOut(): number {
    return this.#parts.recordsOut();
  }

  get registry(): TaskMetrics {
    return this.#parts.metrics;
  }

  measureBarriers(): BarrierMeasures {
    return this.#snapshots.measures();
  }

  measureChannels(): ChannelMeasures {
    return measureChannels(this.#environment);
  }

  /** Publishes what stands in partially filled segments. */
  flush(): void {
    this.#parts.outputs.flush();
  }

  /** Publishes of it what has waited for as long as it may; `nowMs` is monotonic. */
  flushDue(nowMs: number): void {
    this.#parts.outputs.flushDue(nowMs);
  }

  runOnce(budget: number): Progress {
    try {
      return this.#step(budget);
    } catch (error) {
      this.fail(this.#located(error));
      return this.#phase === 'done' ? Progress.DONE : Progress.WAITING;
    } finally {
      this.#parts.leaveChain();
    }
  }

  /** Mail from the job master; called between steps. */
  deliver(message: TaskMessage): void {
    if (this.#phase === 'closing' || this.#phase === 'done') return;
    if (message.type === 'cancel') {
      this.#leave({ type: 'canceled' });
      return;
    }
    if (!this.#opened) {
      this.#early.push(message);
      return;
    }
    try {
      this.#handle(message);
    } catch (error) {
      this.fail(this.#located(error));
    } finally {
      this.#parts.leaveChain();
    }
  }

  #step(budget: number): Progress {
    if (this.#phase === 'done') return Progress.DONE;
    if (this.#phase === 'opening' && this.#awaiting === undefined) this.#open();
    if (this.#phase === 'closing' || this.#awaiting !== undefined) return Progress.WAITING;
    const { room } = this.#parts;
    const chain = this.#parts.chain();
    if (this.#finishing) {
      if (!chain.stop()) return Progress.WAITING;
      this.#await('close', chain.close(), () => this.#leave(this.#parts.finished()));
      return Progress.MADE;
    }
    if (this.#ended) return this.#finish(chain);
    room.beginStep(budget);
    this.#snapshots.lookAhead();
    if (!this.#parts.outputs.drain())
      return this.#overtake(chain) || this.#serveWhileFull(chain) ? Progress.MADE : Progress.IDLE;
    this.#fireWakes(chain);
    if (!chain.resume()) return room.isFiring ? Progress.MADE : Progress.WAITING;
    if (this.#serveOrderedMail() || this.#overtake(chain)) return Progress.MADE;
    const taken = Math.min(budget, chain.room());
    if (taken <= 0) return Progress.WAITING;
    if (this.#phase === 'ending') {
      this.#endChain();
      return Progress.MADE;
    }
    if (this.#phase === 'draining' && this.#mayFinish()) return this.#finish(chain);
    if (this.#parts.input().poll(taken) > 0) return Progress.MADE;
    return room.full || this.#awaiting !== undefined ? Progress.MADE : Progress.IDLE;
  }

  #open(): void {
    this.#environment.report({ type: 'initializing' });
    this.#await('open', this.#parts.open(), () => {
      this.#opened = true;
      this.#to('running');
      this.#environment.report({ type: 'running' });
      this.#parts.startInput();
      const early = this.#early;
      this.#early = [];
      for (const message of early) this.deliver(message);
    });
  }

  #fireWakes(chain: OperatorChain): void {
    const { contexts } = this.#parts;
    const { clock } = this.#environment;
    const nowMs = clock.monotonicMs();
    this.#parts.emitMarkers(nowMs);
    if (contexts.nextWakeMs > nowMs) return;
    const wallMs = clock.wallMs();
    contexts.fireWakes(nowMs, (index) => chain.operators[index]?.onWake(wallMs));
  }

  #handle(message: TaskMessage): void {
    switch (message.type) {
      case 'trigger-checkpoint':
      case 'splits-assigned':
      case 'no-more-splits':
        this.#orderedMail.push(message);
        return;
      case 'prepare-full-snapshot':
        this.#parts.chain().prepareFullSnapshot(message.checkpointId);
        this.#environment.report({ ...message, type: 'full-snapshot-prepared' });
        return;
      case 'checkpoint-completed':
        this.#onCompleted(message.checkpointId);
        return;
      case 'checkpoint-aborted':
        this.#snapshots.abort(message.checkpointId);
        this.#parts.chain().notifyCheckpointAborted(message.checkpointId);
        this.#parts.resume(message.checkpointId);
        return;
      case 'finish':
        this.#finishing = true;
        return;
      case 'cancel':
        return;
      default:
        this.#parts.handle(message);
    }
  }

  /** Serves triggers and splits up to the first trigger that has to wait. True: a snapshot was begun. */
  #serveOrderedMail(): boolean {
    for (let message = this.#orderedMail[0]; message !== undefined; message = this.#orderedMail[0]) {
      if (message.type === 'trigger-checkpoint') {
        const outcome = this.#snapshots.trigger(message);
        if (outcome === 'later') return false;
        this.#orderedMail.shift();
        if (outcome === 'begun') return true;
        continue;
      }
      this.#orderedMail.shift();
      if (message.type === 'splits-assigned') this.#parts.sourceInput().addSplits(message.splits);
      else this.#parts.sourceInput().notifyNoMoreSplits();
    }
    return false;
  }

  #serveWhileFull(chain: OperatorChain): boolean {
    return (
      this.#snapshots.servesWhileFull &&
      this.#orderedMail.length > 0 &&
      chain.resume() &&
      this.#serveOrderedMail()
    );
  }

  /**
   * Takes the snapshot of a checkpoint that does not wait for what is under way, whether or not there is room in
   * the outputs. False: there is none, or something is half done.
   */
  #overtake(chain: OperatorChain): boolean {
    if (!this.#snapshots.isOverdue || (this.#phase !== 'running' && this.#phase !== 'draining')) return false;
    if (!chain.resume()) return false;
    this.#snapshots.overtake();
    return true;
  }

  #onCompleted(checkpointId: number): void {
    this.#parts.chain().notifyCheckpointComplete(checkpointId);
    this.#parts.enumerator()?.coordinator.notifyCheckpointComplete(checkpointId);
    if (this.#finalCheckpointId !== undefined && checkpointId >= this.#finalCheckpointId)
      this.#finalComplete = true;
  }

  #onInputEnded(inputIndex: number): void {
    this.#parts.chain().inputEnded(inputIndex);
    this.#openInputs--;
    invariant(this.#openInputs >= 0, 'an input ends once', { open: this.#openInputs });
    if (this.#openInputs > 0) return;
    this.#to('ending');
  }

  /** A step of its own: the timers that the final watermark fires may have been interrupted. */
  #endChain(): void {
    const ended = this.#parts.endInput();
    const after = (): void => {
      if (!this.#parts.chain().hasEnded) return;
      this.#parts.outputs.writeEndOfData();
      this.#to('draining');
      this.#environment.report({ type: 'data-finished' });
    };
    if (ended === undefined) after();
    else this.#await('endInput', ended, after);
  }

  /** Not before those above: a checkpoint in between would have them, and not this, and they would send to nobody. */
  #mayFinish(): boolean {
    if (!this.#aligner.allClosed) return false;
    const enumerator = this.#parts.enumerator();
    if (enumerator !== undefined && !enumerator.done) return false;
    const { checkpointing, commitsWithJob } = this.#environment.settings;
    return commitsWithJob ? this.#parts.commits : !checkpointing || this.#finalComplete;
  }

  /** What waits on the heap goes with the task: it stays until its consumers have been given all of it. */
  #finish(chain: OperatorChain): Progress {
    if (!this.#ended) this.#parts.outputs.writeEndOfPartition();
    this.#ended = true;
    if (!this.#parts.outputs.handOver()) return Progress.IDLE;
    this.#await('close', chain.close(), () => this.#leave(this.#parts.finished()));
    return Progress.MADE;
  }

  /** Also from outside of its steps. The first failure counts. */
  fail(error: unknown): void {
    if (this.#failed || this.#phase === 'closing' || this.#phase === 'done') return;
    this.#failed = true;
    const { vertex, address, jobName } = this.#environment;
    const located = isMillraceError(error)
      ? error.located({
          job: jobName,
          operator: vertex.vertex.name,
          uid: vertex.vertex.uid,
          subtask: address.subtask,
        })
      : error;
    this.#leave({ type: 'failed', error: toWireError(located) });
  }

  /** Tells the outcome, and frees what the task holds. Errors of closing after it are traced, not thrown. */
  #leave(outcome: TaskOutcome): void {
    this.#parts.reportCounters();
    this.#environment.report(outcome);
    this.#to('closing');
    this.#awaiting = 'close';
    this.#environment.completions.watch(
      this.#snapshots.close().then(() => this.#parts.close()),
      () => this.#to('done'),
      (error) => {
        this.#environment.trace.emit({ name: 'task.close-failed', values: { error: String(error) } });
        this.#to('done');
      },
    );
  }

  #await<T>(step: string, promise: Promise<T>, then: () => void): void {
    invariant(this.#awaiting === undefined, 'one step is awaited at a time', { step, phase: this.phase });
    this.#awaiting = step;
    this.#environment.completions.watch(
      promise,
      () => {
        if (this.#phase === 'closing' || this.#phase === 'done') return;
        this.#awaiting = undefined;
        try {
          then();
        } catch (error) {
          this.fail(this.#located(error));
        } finally {
          this.#parts.leaveChain();
        }
      },
      (error) => this.fail(this.#located(error)),
    );
  }

  /** With the operator whose code ran last. */
  #located(error: unknown): unknown {
    return this.#opened ? this.#parts.chain().locate(error) : error;
  }

  #to(phase: TaskPhase): void {
    this.#phase = nextPhase(this.#phase, phase);
  }
}
