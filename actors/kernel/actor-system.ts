import { invariant, MillraceError, unreachable } from '../../core/internal.js';
import type { Actor, ActorContext, ActorFactory, ActorOptions, ActorRef, StopReason } from './actor.js';
import { Mailbox } from './mailbox.js';
import type { TurnScheduler } from './turn-scheduler.js';

const MAILBOX_CAPACITY = 65_536;
/** Messages that one turn receives before others get theirs. */
const MESSAGES_PER_TURN = 16;

export interface ActorSystemOptions {
  /** 1 lets a simulator interleave actors message by message. */
  readonly messagesPerTurn?: number;
  /** Told of failures that reach the top. */
  readonly onFailure: (actor: string, error: unknown) => void;
}

/**
 * The actors of one thread.
 *
 * Invariants:
 * - an actor receives one message at a time, in the order they were told;
 * - a message that was taken is received, unless the actor stops first, of which its watchers are told;
 * - an actor stops once, after its children;
 * - a failure is never silent: watchers learn of it, or the supervisor, or `onFailure`.
 */
export class ActorSystem {
  readonly #scheduler: TurnScheduler;
  readonly #options: ActorSystemOptions;
  readonly #top = new Set<Stoppable>();

  constructor(scheduler: TurnScheduler, options: ActorSystemOptions) {
    this.#scheduler = scheduler;
    this.#options = options;
  }

  /** Starts an actor without a supervisor: `onFailure` is told of a failure that nobody watches. */
  spawn<M>(name: string, factory: ActorFactory<M>, options: ActorOptions = {}): ActorRef<M> {
    const host: CellHost = {
      scheduler: this.#scheduler,
      messagesPerTurn: this.#options.messagesPerTurn ?? MESSAGES_PER_TURN,
      escalate: (error) => this.#options.onFailure(name, error),
      forget: (cell) => this.#top.delete(cell),
    };
    const cell = new ActorCell(name, factory, options, host);
    this.#top.add(cell);
    cell.start();
    return cell;
  }

  /** Stops an actor of this system now. Stopping a stopped one changes nothing. */
  stop<M>(ref: ActorRef<M>): void {
    cellOf(ref).stop({ error: undefined });
  }

  /** Stops every actor. */
  stopAll(): void {
    for (const cell of [...this.#top]) cell.stop({ error: undefined });
  }
}

/** A cell, whatever it is told. */
interface Stoppable {
  stop(reason: StopReason): void;
}

interface CellHost {
  readonly scheduler: TurnScheduler;
  readonly messagesPerTurn: number;
  escalate(error: unknown): void;
  forget(cell: Stoppable): void;
}

function cellOf<M>(ref: ActorRef<M>): ActorCell<M> {
  invariant(ref instanceof ActorCell, 'a reference comes from an actor system', { name: ref.name });
  return ref;
}

/** What is behind a reference. It outlives the actors that are restarted in it. */
class ActorCell<M> implements ActorRef<M>, ActorContext<M> {
  readonly name: string;
  readonly #factory: ActorFactory<M>;
  readonly #options: ActorOptions;
  readonly #host: CellHost;
  readonly #mailbox: Mailbox<M>;
  readonly #children = new Set<Stoppable>();
  readonly #watchers: ((reason: StopReason) => void)[] = [];
  #actor: Actor<M> | undefined;
  #stopped: StopReason | undefined;
  #receiving = false;
  #stopAfter: StopReason | undefined;
  #scheduled = false;
  #overflown = false;
  #failures = 0;

  constructor(name: string, factory: ActorFactory<M>, options: ActorOptions, host: CellHost) {
    this.name = name;
    this.#factory = factory;
    this.#options = options;
    this.#host = host;
    this.#mailbox = new Mailbox(options.mailboxCapacity ?? MAILBOX_CAPACITY);
  }

  get self(): ActorRef<M> {
    return this;
  }

  start(): void {
    this.#guard(() => {
      this.#actor = this.#factory(this);
    });
  }

  tell(message: M): boolean {
    if ((this.#stopped ?? this.#stopAfter) !== undefined || this.#overflown) return false;
    const taken = this.#mailbox.put(message);
    this.#overflown = !taken;
    this.#schedule();
    return taken;
  }

  spawn<C>(name: string, factory: ActorFactory<C>, options: ActorOptions = {}): ActorRef<C> {
    invariant(this.#stopped === undefined, 'a stopped actor starts no children', { actor: this.name, name });
    const host: CellHost = {
      ...this.#host,
      escalate: (error) => this.#fail(error),
      forget: (cell) => this.#children.delete(cell),
    };
    const child = new ActorCell(`${this.name}/${name}`, factory, options, host);
    this.#children.add(child);
    child.start();
    return child;
  }

  watch<C>(target: ActorRef<C>, toMessage: (reason: StopReason) => M): void {
    cellOf(target).onStopped((reason) => this.tell(toMessage(reason)));
  }

  onStopped(watcher: (reason: StopReason) => void): void {
    if (this.#stopped !== undefined) watcher(this.#stopped);
    else this.#watchers.push(watcher);
  }

  stop(reason: StopReason = { error: undefined }): void {
    if (this.#stopped !== undefined) return;
    if (this.#receiving) {
      this.#stopAfter ??= reason;
      return;
    }
    this.#stopped = reason;
    this.#mailbox.clear();
    for (const child of [...this.#children]) child.stop(reason);
    this.#actor?.stopped?.(reason);
    this.#actor = undefined;
    this.#host.forget(this);
    for (const watcher of this.#watchers.splice(0)) watcher(reason);
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped !== undefined) return;
    this.#scheduled = true;
    this.#host.scheduler.schedule(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    for (let i = 0; i < this.#host.messagesPerTurn && this.#stopped === undefined; i++) {
      if (!this.#mailbox.take((message) => this.#receive(message))) break;
    }
    if (this.#overflown && this.#stopped === undefined) this.#failOfOverflow();
    if (this.#mailbox.size > 0) this.#schedule();
  }

  #receive(message: M): void {
    this.#guard(() => {
      this.#receiving = true;
      try {
        this.#actor?.receive(message);
      } finally {
        this.#receiving = false;
      }
    });
    if (this.#stopAfter !== undefined) this.stop(this.#stopAfter);
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#failures++;
    const directive = this.#options.supervise?.(error, this.#failures) ?? 'stop';
    switch (directive) {
      case 'resume':
        break;
      case 'restart':
        for (const child of [...this.#children]) child.stop({ error });
        this.#actor?.stopped?.({ error });
        this.#actor = undefined;
        this.start();
        break;
      case 'stop':
        this.#stopOf(error);
        break;
      case 'escalate':
        this.stop({ error });
        this.#host.escalate(error);
        break;
      default:
        unreachable(directive);
    }
  }

  /** Not restarted: messages are lost, so no state that follows could be right. */
  #failOfOverflow(): void {
    const { capacity } = this.#mailbox;
    this.#stopOf(
      new MillraceError('MR9001', `The mailbox of ${this.name} is full.`, {
        why: `${capacity} messages wait in it.`,
      }),
    );
  }

  #stopOf(error: unknown): void {
    const watched = this.#watchers.length > 0;
    this.stop({ error });
    if (!watched) this.#host.escalate(error);
  }
}
