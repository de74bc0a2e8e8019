import { deepStrictEqual, strictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { Watermark } from '../../core/element/watermark.js';
import {
  InternalTimerService,
  type TimerHost,
  type Triggerable,
} from '../../core/state/internal-timer-service.js';
import { StateNamespace } from '../../core/state/key-context.js';
import type { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { check } from '../check.js';
import { KeyedStateLife } from '../keyed-state.js';

type Kind = 'event' | 'processing';
interface Timer {
  readonly kind: Kind;
  readonly time: number;
  readonly key: string;
  readonly window: number;
}
type TimerCommand =
  | { op: 'register' | 'delete'; timer: Timer }
  | { op: 'advance'; kind: Kind; by: number; steps: number; echo: number }
  | { op: 'restore' };

const timer = fc.record({
  kind: fc.constantFrom<Kind>('event', 'processing'),
  time: fc.oneof(
    fc.integer({ min: -30, max: 200 }),
    fc.constantFrom(Watermark.MAX, Watermark.MIN + 1, 2 ** 32, -(2 ** 32)),
  ),
  key: fc.constantFrom('a', 'b', 'c', 'bb'),
  window: fc.integer({ min: -1, max: 1 }),
});
const commands = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constantFrom<'register' | 'delete'>('register', 'register', 'delete'),
        timer,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant<'advance'>('advance'),
        kind: fc.constantFrom<Kind>('event', 'processing'),
        by: fc.integer({ min: 0, max: 40 }),
        steps: fc.integer({ min: 0, max: 4 }),
        echo: fc.integer({ min: -5, max: 20 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant<TimerCommand>({ op: 'restore' }) },
  ),
  { maxLength: 150, size: 'max' },
);

/** A timer service beside a plain set of timers. Every third fired timer registers another, `echo` later. */
class TimerWorld {
  readonly #life = new KeyedStateLife();
  readonly #namespace: StateNamespace;
  #opened: { readonly access: KeyedStateAccess; readonly service: InternalTimerService } | undefined;
  #model = new Map<string, Timer>();
  #fired: Timer[] = [];
  #now = { event: Watermark.MIN as number, processing: 0 };
  #firedCount = 0;
  #budget = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #echo = 0;

  constructor(namespace: StateNamespace) {
    this.#namespace = namespace;
  }

  get #parts(): { readonly access: KeyedStateAccess; readonly service: InternalTimerService } {
    if (this.#opened === undefined) throw new Error('The world is opened before it is used.');
    return this.#opened;
  }

  get #access(): KeyedStateAccess {
    return this.#parts.access;
  }

  get #service(): InternalTimerService {
    return this.#parts.service;
  }

  async run(commands: readonly TimerCommand[]): Promise<void> {
    await this.#open();
    for (const command of commands) {
      if (command.op === 'restore') await this.#open();
      else if (command.op === 'advance') this.#advance(command.kind, command.by, command.steps, command.echo);
      else this.#change(command.op, command.timer);
      this.#compareCounts();
    }
    this.#advance('event', Number.POSITIVE_INFINITY, 1000, 1000);
  }

  async #open(): Promise<void> {
    const handle = this.#opened === undefined ? undefined : await this.#life.checkpoint(this.#access);
    const access = await this.#life.open(handle);
    const target: Triggerable = {
      onEventTime: (time) => this.#onTimer('event', time),
      onProcessingTime: (time) => this.#onTimer('processing', time),
    };
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const host: TimerHost = {
      wallMs: () => this.#now.processing,
      wakeAt: (at) => {
        this.#wakeAt = at;
      },
      mustYield: () => this.#budget-- <= 0,
    };
    const service = new InternalTimerService('timers', access, this.#namespace, host, target);
    this.#opened = { access, service };
    service.restoreWatermark(this.#now.event);
  }

  #change(op: 'register' | 'delete', timer: Timer): void {
    this.#select(timer);
    this.#apply(op, timer);
    if (op === 'register') this.#model.set(idOf(timer, this.#namespace), timer);
    else this.#model.delete(idOf(timer, this.#namespace));
  }

  #apply(op: 'register' | 'delete', { kind, time }: Timer): void {
    const service = this.#service;
    if (kind === 'event' && op === 'register') service.registerEventTimeTimer(time);
    else if (kind === 'event') service.deleteEventTimeTimer(time);
    else if (op === 'register') service.registerProcessingTimeTimer(time);
    else service.deleteProcessingTimeTimer(time);
  }

  #select(timer: Timer): void {
    this.#access.keys.setCurrentKey(timer.key);
    this.#access.keys.setWindow(timer.window, timer.window + 1);
  }

  #onTimer(kind: Kind, time: number): void {
    const { currentKey, windowStart } = this.#access.keys;
    const timer: Timer = { kind, time, key: String(currentKey), window: windowStart };
    this.#fired.push(timer);
    if (++this.#firedCount % 3 !== 0 || time + this.#echo > Watermark.MAX || time < -1000) return;
    this.#apply('register', { ...timer, time: time + this.#echo });
  }

  #advance(kind: Kind, by: number, steps: number, echo: number): void {
    this.#echo = echo;
    const until = by === Number.POSITIVE_INFINITY ? Watermark.MAX : Math.max(this.#now[kind], -20) + by;
    this.#now[kind] = until;
    const expected = this.#expect(kind);
    this.#fired = [];
    this.#budget = steps;
    let done = kind === 'event' ? this.#service.advanceWatermark(until) : this.#service.onWake(until);
    while (!done) {
      this.#budget = 3;
      done = this.#service.resume();
    }
    const nameless = (timer: Timer) => ({
      ...timer,
      window: this.#namespace === StateNamespace.VOID ? 0 : timer.window,
    });
    deepStrictEqual(this.#fired.map(nameless), expected.map(nameless));
    strictEqual(this.#service.currentWatermark(), this.#now.event);
  }

  /** What has to fire, by the rules: the least due timer, again and again. */
  #expect(kind: Kind): Timer[] {
    const expected: Timer[] = [];
    let count = this.#firedCount;
    for (;;) {
      const due = [...this.#model.values()].filter(
        (timer) => timer.kind === kind && timer.time <= this.#now[kind],
      );
      const next = due.sort((a, b) => order(a, b, this.#namespace))[0];
      if (next === undefined) return expected;
      this.#model.delete(idOf(next, this.#namespace));
      expected.push(next);
      if (++count % 3 !== 0 || next.time + this.#echo > Watermark.MAX || next.time < -1000) continue;
      const again = { ...next, time: next.time + this.#echo };
      this.#model.set(idOf(again, this.#namespace), again);
    }
  }

  #compareCounts(): void {
    const count = (kind: Kind) => [...this.#model.values()].filter((timer) => timer.kind === kind).length;
    strictEqual(this.#service.eventTimeTimerCount, count('event'));
    strictEqual(this.#service.processingTimeTimerCount, count('processing'));
    const first = Math.min(
      Number.POSITIVE_INFINITY,
      ...[...this.#model.values()].filter(({ kind }) => kind === 'processing').map(({ time }) => time),
    );
    strictEqual(this.#wakeAt <= first, true, 'it asks to be woken for the first processing-time timer');
  }
}

function idOf({ kind, time, key, window }: Timer, namespace: StateNamespace): string {
  return `${kind} ${time} ${key} ${namespace === StateNamespace.VOID ? '' : window}`;
}

function order(a: Timer, b: Timer, namespace: StateNamespace): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return namespace === StateNamespace.VOID ? 0 : a.window - b.window;
}

for (const [name, namespace] of Object.entries(StateNamespace)) {
  t.test(`[scenario 13] timers fire as the least due one, again and again: namespace ${name}`, async () => {
    await check(
      `timers, namespace ${name}`,
      fc.asyncProperty(commands, (list) => new TimerWorld(namespace).run(list as TimerCommand[])),
      { runs: 200 },
    );
  });
}
