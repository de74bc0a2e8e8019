import {
  ContinuousEventTimeTrigger,
  EventTimeSessionWindows,
  EventTimeTrigger,
  type KeyedStream,
  OutputTag,
  type ProcessFunction,
  type ProcessWindowFunction,
  PurgingTrigger,
  SlidingEventTimeWindows,
  type Trigger,
  TumblingEventTimeWindows,
  types,
  ValueStateDescriptor,
  WatermarkStrategy,
  type WindowedStream,
} from '../../../core/index.js';
import type { Prng } from '../../../core/internal.js';
import type { Event } from './event.js';
import { EventTimeWatch, type Stamped } from './event-time-watch.js';
import { everyEvent } from './every-event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

type Windowed = WindowedStream<Stamped, string>;

interface Sizes {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly latenessMs: number;
}

/** Windows that records come to late. */
interface Variant {
  readonly windows: (keyed: KeyedStream<Stamped, string>, sizes: Sizes) => Windowed;
  /** Where the last window that an event falls into begins, and ends without others. */
  readonly lastOf: (event: Event, sizes: Sizes) => { readonly startMs: number; readonly endMs: number };
  readonly isSession: boolean;
}

function windowFrom(startMs: number, sizeMs: number): { readonly startMs: number; readonly endMs: number } {
  return { startMs, endMs: startMs + sizeMs };
}

const SESSIONS: Variant = {
  windows: (keyed, { slideMs }) => keyed.window(EventTimeSessionWindows.withGap(slideMs + 1)),
  lastOf: ({ time }, { slideMs }) => windowFrom(time, slideMs + 1),
  isSession: true,
};

const VARIANTS: readonly [Variant, ...Variant[]] = [
  {
    windows: (keyed, { sizeMs }) => keyed.window(TumblingEventTimeWindows.of(sizeMs)),
    lastOf: ({ time }, { sizeMs }) => windowFrom(time - (time % sizeMs), sizeMs),
    isSession: false,
  },
  {
    windows: (keyed, { sizeMs, slideMs }) => keyed.window(SlidingEventTimeWindows.of(sizeMs, slideMs)),
    lastOf: ({ time }, { sizeMs, slideMs }) => windowFrom(time - (time % slideMs), sizeMs),
    isSession: false,
  },
  SESSIONS,
];

/**
 * Windows behind watermarks that go on too fast: each event is told once, by a window that fires, perhaps again, or
 * as late. A window that is over takes none, and no event is late whose window is not over.
 */
export function lateWindows(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/ids');
  const { prng } = kit;
  const parallelism = kit.parallelism();
  // Sessions have the most to lose.
  const variant = prng.pick([SESSIONS, ...VARIANTS]);
  const { strideMs } = source.plan;
  // Windows end, and watermarks come, at the same few times.
  const slideMs = strideMs * prng.between(2, 20);
  const sizes: Sizes = {
    slideMs,
    sizeMs: slideMs * prng.between(1, 3),
    latenessMs: prng.pick([0, 1, strideMs, slideMs, 2 * slideMs]),
  };
  const keeps = !variant.isSession && prng.chance(0.5);
  const trigger = drawTrigger(prng, sizes);
  const steps = prng.between(1, 80);
  const strategy = drawStrategy(prng, Math.floor(steps * prng.pick([0, 0.5, 1])) * strideMs);
  // Of the windows that an event falls into one tells of it. A session may be longer, and is alone.
  const tells = (event: Event, startMs: number): boolean =>
    variant.isSession || variant.lastOf(event, sizes).startMs === startMs;
  return {
    name: 'late-windows',
    files: source.files,
    outputs: () => [{ folder: '/out/ids', lines: source.events.map(({ id }) => String(id)) }],
    build: (env) => {
      // What is asked for in a task of the windows alone. Others may be behind it, at another parallelism.
      let isBesideWindows = false;
      const late = new OutputTag<Stamped>('late');
      const watch = new EventTimeWatch(kit.start());
      const keyed = source
        .stream(env)
        .map((event) => delayed(event, strideMs, steps))
        .setParallelism(source.parallelism)
        .assignTimestampsAndWatermarks(strategy)
        .setParallelism(source.parallelism)
        .process(watch.stamping())
        .setParallelism(source.parallelism)
        .keyBy((event) => event.key);
      const fired = variant
        .windows(keyed, sizes)
        .allowedLateness(sizes.latenessMs)
        .sideOutputLateData(late)
        .trigger(keeps ? trigger(watch) : PurgingTrigger.of(trigger(watch)))
        .process({
          ...tellingNew(keeps, tells),
          open(ctx) {
            isBesideWindows = true;
            watch.open(ctx);
          },
        })
        .setParallelism(parallelism)
        .uid('windows');
      const overdue = fired
        .getSideOutput(late)
        .process(
          tellingLate((event, watermark) => {
            const overAt = variant.lastOf(event, sizes).endMs - 1 + sizes.latenessMs;
            return !isBesideWindows || overAt <= watermark;
          }),
        )
        .setParallelism(parallelism)
        .uid('late');
      sink(fired.union(overdue), 'ids');
    },
  };
}

/** Every fourth event comes late, and all of them have times before those at which windows end. */
function delayed(event: Event, strideMs: number, steps: number): Event {
  const time = event.time - (event.id % 4 === 0 ? (event.id % steps) * strideMs : 0);
  return { ...event, time: time - (time % strideMs) + strideMs - 1 };
}

function drawTrigger(
  prng: Prng,
  { slideMs, latenessMs }: Sizes,
): (watch: EventTimeWatch) => Trigger<Stamped> {
  return prng.pick<(watch: EventTimeWatch) => Trigger<Stamped>>([
    () => EventTimeTrigger.create(),
    () => EventTimeTrigger.create(),
    (watch) => watched(latenessMs, watch),
    () => ContinuousEventTimeTrigger.of(Math.ceil(slideMs / 3)),
  ]);
}

function drawStrategy(prng: Prng, lagMs: number): WatermarkStrategy<Event> {
  const boundMs = Math.max(0, lagMs - 1);
  const bounded = prng.chance(0.5)
    ? WatermarkStrategy.forBoundedOutOfOrderness<Event>(boundMs)
    : WatermarkStrategy.forGenerator(() => everyEvent(boundMs));
  const strategy = bounded.withTimestampAssigner((event: Event) => event.time);
  const idlenessMs = prng.pick([0, 1, 3]);
  return idlenessMs === 0 ? strategy : strategy.withIdleness(idlenessMs);
}

/** Fires as event-time windows do, and looks whether it is asked to. */
function watched(latenessMs: number, watch: EventTimeWatch): Trigger<Stamped> {
  const nested = EventTimeTrigger.create();
  return {
    needsWatermarks: true,
    onElement(event, timestamp, window, ctx) {
      const watermark = ctx.currentWatermark();
      watch.look(event, watermark);
      if (window.maxTimestamp + latenessMs <= watermark)
        throw new Error(`A window to ${window.end} takes an event at ${watermark}.`);
      return nested.onElement(event, timestamp, window, ctx);
    },
    onEventTime(time, window, ctx) {
      const isItsOwn = time === window.maxTimestamp || time === window.maxTimestamp + latenessMs;
      if (!isItsOwn || time > ctx.currentWatermark())
        throw new Error(
          `A timer of ${time} fires for a window to ${window.end} at ${ctx.currentWatermark()}.`,
        );
      return nested.onEventTime(time, window);
    },
    onMerge: (window, ctx) => nested.onMerge(window, ctx),
    clear: (window, ctx) => nested.clear(window, ctx),
  };
}

/** What has come to a window since it fired last. */
function tellingNew(
  keeps: boolean,
  tells: (event: Event, startMs: number) => boolean,
): ProcessWindowFunction<string, Stamped, string> {
  const told = new ValueStateDescriptor('told', types.int32);
  return {
    process(_key, ctx, events, out) {
      const state = keeps ? ctx.windowState().getState(told) : undefined;
      for (const event of events.slice(state?.value() ?? 0))
        if (tells(event, ctx.window.start)) out.collect(String(event.id));
      state?.update(events.length);
    },
    clear(ctx) {
      if (keeps) ctx.windowState().getState(told).clear();
    },
  };
}

function tellingLate(
  isRight: (event: Stamped, watermark: number) => boolean,
): ProcessFunction<Stamped, string> {
  return {
    processElement(event, ctx, out) {
      const watermark = ctx.timerService.currentWatermark();
      if (!isRight(event, watermark))
        throw new Error(`Event ${event.id} of ${event.time} is late at ${watermark}.`);
      out.collect(String(event.id));
    },
  };
}
