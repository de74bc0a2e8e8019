import fc from 'fast-check';
import t from 'tap';
import { Watermark } from '../../core/element/watermark.js';
import { WatermarkValve } from '../../core/watermark/watermark-valve.js';
import { check } from '../check.js';

type Event =
  | { readonly kind: 'watermark'; readonly channel: number; readonly timestamp: number }
  | { readonly kind: 'idle' | 'active' | 'finished'; readonly channel: number };

/** The rules without regard to cost: the output is worked out anew from the state of all channels. */
class NaiveValve {
  readonly said: (number | string)[] = [];
  readonly #channels: { watermark: number; state: 'active' | 'idle' | 'finished'; counts: boolean }[];
  #last: number = Watermark.MIN;
  #idle = false;

  constructor(channels: number) {
    this.#channels = Array.from({ length: channels }, () => ({
      watermark: Watermark.MIN,
      state: 'active',
      counts: true,
    }));
  }

  on(event: Event): void {
    const channel = this.#channels[event.channel];
    if (channel === undefined || channel.state === 'finished') return;
    const wasActive = channel.state === 'active';
    if (event.kind === 'watermark') {
      if (!wasActive || event.timestamp <= channel.watermark) return;
      channel.watermark = event.timestamp;
      if (event.timestamp >= this.#last) channel.counts = true;
      this.#sayLeast();
    } else if (event.kind === 'active') {
      if (wasActive) return;
      channel.state = 'active';
      channel.counts = channel.watermark >= this.#last;
      this.#sayIdle(false);
    } else {
      channel.state = event.kind;
      channel.counts = false;
      if (this.#channels.every(({ state }) => state === 'finished')) {
        this.#sayIdle(false);
        this.#say(Watermark.MAX);
      } else if (wasActive)
        this.#afterLeaving(channel.state === 'finished' || channel.watermark === this.#last);
    }
  }

  /** `heldBack`: the one that left was all that the others waited for. */
  #afterLeaving(heldBack: boolean): void {
    if (this.#channels.some(({ state }) => state === 'active')) {
      this.#sayLeast();
      return;
    }
    if (heldBack) this.#say(Math.max(...this.#channels.map(({ watermark }) => watermark)));
    this.#sayIdle(true);
  }

  #sayLeast(): void {
    const counting = this.#channels.filter(({ counts }) => counts);
    if (counting.length > 0) this.#say(Math.min(...counting.map(({ watermark }) => watermark)));
  }

  #say(watermark: number): void {
    if (watermark <= this.#last) return;
    this.#last = watermark;
    this.said.push(watermark);
  }

  #sayIdle(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.said.push(idle ? 'idle' : 'active');
  }
}

const CHANNELS = 3;
const channel = fc.nat({ max: CHANNELS - 1 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('watermark' as const),
      channel,
      timestamp: fc.nat({ max: 20 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('idle' as const), channel }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('active' as const), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finished' as const), channel }) },
);

/** Time goes on: what comes later is greater, by and large. */
const events = fc
  .array(event, { maxLength: 60, size: 'max' })
  .map((drawn) =>
    drawn.map(
      (each, index): Event =>
        each.kind === 'watermark' ? { ...each, timestamp: each.timestamp + index } : each,
    ),
  );

function run(events: readonly Event[]): { said: (number | string)[]; finished: number } {
  const said: (number | string)[] = [];
  const valve = new WatermarkValve(CHANNELS, {
    emitWatermark: (timestamp) => said.push(timestamp),
    emitIdle: () => said.push('idle'),
    emitActive: () => said.push('active'),
  });
  const finished = new Set<number>();
  for (const e of events) {
    if (e.kind === 'watermark') valve.inputWatermark(e.channel, e.timestamp);
    else if (e.kind === 'idle') valve.inputIdle(e.channel);
    else if (e.kind === 'active') valve.inputActive(e.channel);
    else {
      finished.add(e.channel);
      valve.inputFinished(e.channel);
    }
  }
  return { said, finished: finished.size };
}

t.test('[scenario 14] the valve says what the rules say', async () => {
  await check(
    'valve = naive valve',
    fc.property(events, (events) => {
      const naive = new NaiveValve(CHANNELS);
      for (const e of events) naive.on(e);
      t.strictSame(run(events).said, naive.said);
    }),
    { runs: 1500 },
  );
});

t.test(
  '[scenario 14] watermarks increase, and event time ends exactly when every channel has finished',
  async () => {
    await check(
      'valve is monotonic',
      fc.property(events, (events) => {
        const { said, finished } = run(events);
        const watermarks = said.filter((word) => typeof word === 'number');
        for (let i = 1; i < watermarks.length; i++) {
          if ((watermarks[i] ?? 0) <= (watermarks[i - 1] ?? 0)) return false;
        }
        return watermarks.includes(Watermark.MAX) === (finished === CHANNELS);
      }),
      { runs: 500 },
    );
  },
);
