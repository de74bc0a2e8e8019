import { ElementKind, Watermark } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import { handsTimeOn, type MadeOperator, OUTPUT } from '../observed-operators.js';
import type { WorldVerdict } from '../world-failure.js';
import type { BuiltTask } from '../world-listener.js';
import { type FormerTask, type FormerTimes, nameOfEdge } from './former-times.js';
import { GateTime } from './gate-time.js';
import { InputsTime, TimeFollower } from './time-models.js';

/** How an operator hands on what it is told. */
type Manner = 'as it comes' | 'behind requests' | 'makes its own';

const MANNERS: Readonly<Record<string, Manner | undefined>> = {
  AsyncWaitOperator: 'behind requests',
  TimestampsAndWatermarksOperator: 'makes its own',
  SourceOperator: 'makes its own',
};

interface Operator {
  readonly uid: string;
  readonly manner: Manner;
  readonly inputs: InputsTime;
  readonly output: TimeFollower;
  /** Restored: the greatest watermark that need not be told again, or that comes of what was under way. */
  readonly known: number;
}

/** What is known of a checkpoint that tasks begin from. */
export interface FormerCheckpoint {
  readonly id: number;
  /** Undefined: not known. */
  readonly tasks: readonly FormerTask[] | undefined;
}

/** Event time in one attempt of one task: from its channels through its operators into its channels. */
export class TaskTime {
  readonly #built: BuiltTask;
  readonly #verdict: WorldVerdict;
  readonly #times: FormerTimes;
  readonly #former: FormerCheckpoint | undefined;
  readonly #mayReplay: boolean;
  readonly #gate: GateTime;
  readonly #readers: { readonly flow: Flow; readonly edge: string }[] = [];
  readonly #operators: (Operator | undefined)[] = [];
  /** Behind each input of the gate (-1, -2) and the output of each operator, as far as nobody else is between. */
  readonly #behind = new Map<number, TimeFollower[]>();
  readonly #atInputs = new Map<number, TimeFollower>();
  readonly #atChannels = new Map<number, { readonly follower: TimeFollower; readonly origin: number }>();
  /** By edge: who is before it. */
  readonly #origins = new Map<number, number>();
  #looksAhead: () => boolean = () => false;
  #begun = false;
  /** Something is due. */
  #isDue = false;

  /** `mayReplay`: what was under way at the checkpoint comes first. */
  constructor(
    built: BuiltTask,
    verdict: WorldVerdict,
    times: FormerTimes,
    former: FormerCheckpoint | undefined,
    mayReplay: boolean,
  ) {
    this.#built = built;
    this.#verdict = verdict;
    this.#times = times;
    this.#former = former;
    this.#mayReplay = mayReplay;
    this.#gate = new GateTime(built, (input, kind, value) => this.#say(gateOrigin(input), kind, value));
    for (let input = 0; input < this.#gate.inputs; input++) this.#lead(gateOrigin(input), 0, input);
    for (const [index, node] of built.nodes.entries())
      if (!handsTimeOn(node)) this.#leadOutputs(index, index);
  }

  open(flow: Flow, isWriter: boolean): void {
    if (!isWriter) {
      this.#gate.open(flow);
      const { graph } = this.#built.attempt;
      const edge = graph.edges[flow.place.edgeId];
      this.#readers.push({ flow, edge: edge === undefined ? '' : nameOfEdge(edge, graph) });
      return;
    }
    const origin = this.#origins.get(flow.place.edgeId);
    if (origin === undefined) return;
    const follower = new TimeFollower(false);
    this.#atChannels.set(flow.channel, { follower, origin });
    this.#follow(origin, follower);
  }

  make(node: number, { kind, inputs, looksAhead }: MadeOperator): void {
    if (node === 0) this.#looksAhead = looksAhead;
    const { uid, outputs } = this.#built.nodes[node] ?? { uid: '', outputs: [] };
    const manner = MANNERS[kind] ?? 'as it comes';
    const output = new TimeFollower(true);
    this.#operators[node] = {
      uid,
      manner,
      inputs: new InputsTime(inputs, (said, value) => {
        this.#isDue = true;
        if (outputs.length > 0) output.expect(said, value);
      }),
      output,
      known: this.#knownTo(uid, manner),
    };
  }

  read(flow: Flow, kind: ElementKind, value: number): void {
    this.#begin();
    if (this.#looksAhead()) this.#gate.state = 'loose';
    if (this.#gate.state === 'replaying') {
      const wrong = this.#gate.endReplay((input) => {
        const [first] = this.#behind.get(gateOrigin(input)) ?? [];
        return { watermark: first?.came ?? Watermark.MIN, idle: first?.idle ?? false };
      });
      if (wrong !== undefined) this.#fail('the gate', wrong);
    }
    this.#settle();
    this.#gate.read(flow, kind, value);
  }

  write({ channel }: Flow, kind: ElementKind, value: number): void {
    this.#begin();
    const end = this.#atChannels.get(channel);
    if (end !== undefined) this.#arrive(end.follower, end.origin, kind, value, `channel ${channel}`);
  }

  tell(node: number, input: number, kind: ElementKind, value: number): void {
    this.#begin();
    const operator = this.#operators[node];
    if (operator === undefined) return;
    if (input === OUTPUT) {
      this.#emit(operator, kind, value);
      this.#say(node, kind, value);
      return;
    }
    const follower = this.#atInputs.get(placeOf(node, input));
    const origin = this.#originOf(node, input);
    if (follower !== undefined)
      this.#arrive(follower, origin, kind, value, `input ${input} of '${operator.uid}'`);
    operator.inputs.tell(input, kind, value);
  }

  /** As its snapshot holds it. */
  former(): FormerTask {
    const { attempt, address } = this.#built;
    const { graph } = attempt;
    const watermarks = new Map<string, number>();
    for (const operator of this.#operators)
      if (operator !== undefined)
        watermarks.set(operator.uid, Math.max(operator.known, operator.output.last));
    return {
      graph,
      vertexId: address.vertexId,
      subtask: address.subtask,
      channels: this.#gate.state === 'loose' ? undefined : this.#leftChannels(),
      watermarks,
    };
  }

  #leftChannels(): NonNullable<FormerTask['channels']> {
    return this.#mayReplay ? this.#readers.map(({ flow, edge }) => this.#times.channel(flow, edge)) : [];
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { attempt, address } = this.#built;
    const uid = attempt.graph.vertices[address.vertexId]?.uid;
    const ofVertex = this.#former?.tasks?.filter(
      ({ graph, vertexId }) => graph.vertices[vertexId]?.uid === uid,
    );
    const replays = this.#mayReplay && this.#former !== undefined;
    this.#gate.start(this.#built, replays ? ofVertex : [], this.#times, this.#former?.id ?? 0);
  }

  /** What comes to a place that follows another. */
  #arrive(follower: TimeFollower, origin: number, kind: ElementKind, value: number, where: string): void {
    if (origin >= 0 || this.#gate.state === 'exact') {
      const wrong = follower.take(kind, value);
      if (wrong !== undefined) this.#fail(where, wrong);
      return;
    }
    if (kind === ElementKind.WATERMARK) {
      const most = this.#gate.mostReplayed(-1 - origin);
      const isFair = value > follower.came && value <= most;
      if (!isFair) this.#fail(where, `watermark ${value} comes after ${follower.came}, of ${most} at most`);
    }
    follower.accept(kind, value);
  }

  #emit(operator: Operator, kind: ElementKind, value: number): void {
    const { output, manner, uid, known } = operator;
    const where = `the output of '${uid}'`;
    if (manner === 'makes its own') {
      const isFair = kind === ElementKind.WATERMARK ? !output.idle && value > output.came : true;
      if (!isFair) this.#fail(where, `watermark ${value} comes after ${output.came}, idle: ${output.idle}`);
      output.accept(kind, value);
      return;
    }
    const mayBeRestored = manner === 'behind requests' && kind === ElementKind.WATERMARK && value <= known;
    if (mayBeRestored && value >= output.came) {
      output.accept(kind, value);
      return;
    }
    const wrong = output.take(kind, value);
    if (wrong !== undefined) this.#fail(where, wrong);
  }

  /** Nothing of what was said before is left to be handed on. */
  #settle(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    for (const [origin, followers] of this.#behind) {
      if (origin < 0 && this.#gate.state !== 'exact') continue;
      for (const follower of followers) {
        const missing = follower.settle();
        if (missing !== undefined) this.#fail(origin < 0 ? 'the gate' : `operator ${origin}`, missing);
      }
    }
    for (const operator of this.#operators) {
      if (operator?.manner !== 'as it comes') continue;
      const missing = operator.output.settle(operator.known);
      if (missing !== undefined) this.#fail(`the output of '${operator.uid}'`, missing);
    }
  }

  /**
   * A restored operator is told again what it knows, and hands nothing on until it is more. One with requests under way
   * has those of its own queue alone.
   */
  #knownTo(uid: string, manner: Manner): number {
    if (this.#former === undefined) return Watermark.MIN;
    const { tasks } = this.#former;
    if (tasks === undefined) return Watermark.MAX;
    const of = tasks.filter(({ watermarks }) => watermarks.has(uid));
    const { address, attempt } = this.#built;
    const counting =
      manner === 'behind requests'
        ? of.filter(
            ({ subtask, graph, vertexId }) =>
              subtask === address.subtask &&
              graph.vertices[vertexId]?.parallelism === attempt.graph.vertices[address.vertexId]?.parallelism,
          )
        : of;
    return Math.max(Watermark.MIN, ...counting.map(({ watermarks }) => watermarks.get(uid) ?? Watermark.MIN));
  }

  #say(origin: number, kind: ElementKind, value: number): void {
    this.#isDue = true;
    for (const follower of this.#behind.get(origin) ?? []) follower.expect(kind, value);
  }

  /** From an origin to an input of a node, and on where that is not heard. */
  #lead(origin: number, node: number, input: number): void {
    const target = this.#built.nodes[node];
    if (target === undefined) return;
    if (handsTimeOn(target)) {
      this.#leadOutputs(origin, node);
      return;
    }
    const follower = new TimeFollower(false);
    this.#atInputs.set(placeOf(node, input), follower);
    this.#originsOfInputs.set(placeOf(node, input), origin);
    this.#follow(origin, follower);
  }

  readonly #originsOfInputs = new Map<number, number>();

  #originOf(node: number, input: number): number {
    return this.#originsOfInputs.get(placeOf(node, input)) ?? 0;
  }

  #leadOutputs(origin: number, node: number): void {
    for (const output of this.#built.nodes[node]?.outputs ?? [])
      if (output.kind === 'edge') this.#origins.set(output.edge.id, origin);
      else this.#lead(origin, output.node, output.inputIndex);
  }

  #follow(origin: number, follower: TimeFollower): void {
    const followers = this.#behind.get(origin);
    if (followers === undefined) this.#behind.set(origin, [follower]);
    else followers.push(follower);
  }

  #fail(where: string, what: string): void {
    const { process, address } = this.#built;
    const { attempt, vertexId, subtask } = address;
    this.#verdict.fail(
      'wrong',
      `Event time of ${process}.${attempt} ${vertexId}/${subtask}, ${where}: ${what}.`,
    );
  }
}

/** An operator has two inputs at the most. */
function placeOf(node: number, input: number): number {
  return node * 2 + input;
}

function gateOrigin(input: number): number {
  return -1 - input;
}
