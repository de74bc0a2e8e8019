import { ElementKind } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { MadeOperator } from '../observed-operators.js';
import type { WorldVerdict } from '../world-failure.js';
import type { BuiltTask, TraceEvent, WorldListener } from '../world-listener.js';
import { FormerTimes } from './former-times.js';
import { TaskTime } from './task-time.js';

/**
 * Event time is what the channels of a task say. What its gate hands on, at once, is the least of the channels that
 * count ({@link ChannelsTime}); of two inputs, the least of those ({@link InputsTime}); operators hand it on before
 * they take anything else, but for those that wait for requests, and those that make watermarks of their own; and it
 * goes into all channels as it leaves the operators. What was under way at a checkpoint says no more than its producers
 * had, and what follows goes on from there.
 */
export class EventTimeChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #mayOvertake: boolean;
  readonly #times = new FormerTimes();
  readonly #tasks: TaskTime[] = [];
  readonly #processes: string[] = [];
  /** By channel: who writes into it, and who reads it. */
  readonly #writers: (TaskTime | undefined)[] = [];
  readonly #readers: (TaskTime | undefined)[] = [];

  /** `mayOvertake`: snapshots hold what was under way. */
  constructor(verdict: WorldVerdict, mayOvertake: boolean) {
    this.#verdict = verdict;
    this.#mayOvertake = mayOvertake;
  }

  onEvent(event: TraceEvent): void {
    this.#times.onEvent(event);
    if (event.name !== 'task.snapshot-taken') return;
    const task = Number(event.values.task);
    const former = this.#tasks[task]?.former();
    if (former !== undefined)
      this.#times.add(this.#processes[task] ?? '', Number(event.values.checkpointId), former);
  }

  onTaskBuilt(task: number, built: BuiltTask): void {
    const id = built.attempt.restore?.checkpointId;
    const former = id === undefined ? undefined : { id, tasks: this.#times.at(id) };
    this.#tasks[task] = new TaskTime(built, this.#verdict, this.#times, former, this.#mayOvertake);
    this.#processes[task] = built.process;
  }

  onOperatorMade(task: number, node: number, operator: MadeOperator): void {
    this.#tasks[task]?.make(node, operator);
  }

  onChannelOpened(flow: Flow, task: number, isWriter: boolean): void {
    const time = this.#tasks[task];
    (isWriter ? this.#writers : this.#readers)[flow.channel] = time;
    time?.open(flow, isWriter);
  }

  onElementRead(flow: Flow, kind: ElementKind, value: number): void {
    this.#readers[flow.channel]?.read(flow, kind, value);
    this.#times.onRead(flow, kind);
  }

  onElementWritten(flow: Flow, kind: ElementKind, value: number): void {
    this.#times.onWritten(flow, kind, value);
    if (isTold(kind)) this.#writers[flow.channel]?.write(flow, kind, value);
  }

  onTimeTold(task: number, node: number, input: number, kind: ElementKind, value: number): void {
    this.#tasks[task]?.tell(node, input, kind, value);
  }
}

function isTold(kind: ElementKind): boolean {
  return kind === ElementKind.WATERMARK || kind === ElementKind.IDLE || kind === ElementKind.ACTIVE;
}
