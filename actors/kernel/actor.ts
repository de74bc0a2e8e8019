/**
 * State that only its own turns touch: it gets one message at a time and acts by telling others.
 *
 * @example
 * ```ts
 * const counter: ActorFactory<number> = () => {
 *   let sum = 0;
 *   return { receive: (count) => { sum += count; } };
 * };
 * const count = (ref: ActorRef<number>): boolean => ref.tell(3);
 * ```
 */
export interface Actor<M> {
  /** Calls never overlap. Throwing fails the actor: its supervisor decides what follows. */
  receive(message: M): void;
  /** Called once, when no message will come any more. Must not throw. */
  stopped?(reason: StopReason): void;
}

export type ActorFactory<M> = (context: ActorContext<M>) => Actor<M>;

/** `error`: what it failed of; undefined when it was asked to stop. */
export interface StopReason {
  readonly error: unknown;
}

/** Who can be told something. Telling is the only way in. */
export interface ActorRef<in M> {
  readonly name: string;
  /**
   * Puts a message into the mailbox; it is received on a later turn, after those told before. False: it will
   * not be received, because the actor has stopped or its mailbox is full (which fails it).
   */
  tell(message: M): boolean;
}

/** An actor's view of the system. */
export interface ActorContext<M> {
  readonly self: ActorRef<M>;
  /** Starts a child, which this actor supervises and which does not outlive it. */
  spawn<C>(name: string, factory: ActorFactory<C>, options?: ActorOptions): ActorRef<C>;
  /** Once `target` has stopped, this actor is told `toMessage(reason)`; at once if it has already. */
  watch<C>(target: ActorRef<C>, toMessage: (reason: StopReason) => M): void;
  /** Stops this actor after the present message; what is left in its mailbox is not received. */
  stop(): void;
}

/**
 * What a supervisor does about a failed child. `resume`: the message is passed over. `restart`: a new actor
 * takes over the mailbox. `stop`: the child ends, and its watchers learn of what; if it has none, this is
 * `escalate`: the child ends, and the supervisor fails of it too.
 */
export type Directive = 'resume' | 'restart' | 'stop' | 'escalate';

export interface ActorOptions {
  /** Messages that may wait; one more fails the actor. */
  readonly mailboxCapacity?: number;
  /** Asked on each failure of this actor; `stop` when absent. `failures` counts this one. */
  readonly supervise?: (error: unknown, failures: number) => Directive;
}
