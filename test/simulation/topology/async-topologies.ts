import {
  AsyncDataStream,
  AsyncRetryStrategies,
  type ResultFuture,
  TumblingEventTimeWindows,
} from '../../../core/index.js';
import type { Event } from './event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

type Ask = (event: Event, future?: ResultFuture<Event>) => Promise<Event[]>;

/**
 * Answers after so many reactions as the event says, and at first not at all where `refuses` says so. Who gives a
 * future is given an answer to the first try, too, and during the second one: it is too late, and wrong.
 */
function asker(refuses: (event: Event) => boolean, onAsked: (event: Event) => void): Ask {
  const refused = new Map<number, ResultFuture<Event> | undefined>();
  return async (event, future) => {
    onAsked(event);
    refused.get(event.id)?.complete([{ ...event, id: -event.id }]);
    for (let left = event.id % 7; left > 0; left--) await null;
    if (refuses(event) && !refused.has(event.id)) {
      refused.set(event.id, future);
      throw new Error(`not yet: ${event.id}`);
    }
    return event.amount % 11 === 0 ? [] : [event];
  };
}

/** Source, asynchronous function, windows: no watermark may overtake a record that is being asked for. */
export function asyncWindows(kit: TopologyKit): Topology {
  const source = kit.source();
  const [answers, counts] = [kit.sink('/out/answers'), kit.sink('/out/counts')];
  const sizeMs = kit.windowMs(source);
  const [parallelism, askers] = [kit.parallelism(), kit.parallelism()];
  const ordered = kit.prng.chance(0.5);
  const capacity = kit.prng.pick([1, 3, 100]);
  const refusal = kit.prng.pick([2, 13]);
  // Of many, or few at a time, delays add up, and a barrier waits behind them all.
  const delayMs = capacity === 100 || (capacity > 1 && refusal > 2) ? kit.prng.between(0, 3) : 0;
  const byFuture = kit.prng.chance(0.5);
  return {
    name: 'async-windows',
    files: source.files,
    outputs: () => {
      const given = source.events.filter(({ amount }) => amount % 11 !== 0);
      return [
        { folder: '/out/answers', lines: given.map(({ id }) => `${id}`) },
        { folder: '/out/counts', lines: countsOf(given, sizeMs) },
      ];
    },
    build: (env) => {
      const ask = ordered ? AsyncDataStream.orderedWaitWithRetry : AsyncDataStream.unorderedWaitWithRetry;
      const inOrder = new Asked();
      const strategy = AsyncRetryStrategies.fixedDelay<Event>(3, delayMs);
      const answer = asker(
        ({ id }) => id % refusal === 0,
        (event) => inOrder.add(event),
      );
      const asked = ask(
        source.stream(env),
        // Whether it takes a future is told by the number of its parameters.
        byFuture ? (event, future) => answer(event, future) : (event) => answer(event),
        '10 min',
        capacity,
        strategy,
      ).setParallelism(askers);
      answers(
        asked.map((event) => {
          if (ordered) inOrder.answered(event);
          return `${event.id}`;
        }),
        'answers',
      );
      const windows = asked
        .keyBy(({ key }) => key)
        .window(TumblingEventTimeWindows.of(sizeMs))
        .aggregate<number, number, string>(
          {
            createAccumulator: () => 0,
            add: (_event, count) => count + 1,
            getResult: (count) => count,
          },
          {
            process: (key, ctx, [count], out) => out.collect(`${key} ${ctx.window.start} ${count}`),
          },
        )
        .setParallelism(parallelism);
      counts(windows, 'counts');
    },
  };
}

/** What was asked in order is answered in order, as far as one task sees both. */
class Asked {
  readonly #places = new Map<number, number>();
  #last = -1;

  add({ id }: Event): void {
    if (!this.#places.has(id)) this.#places.set(id, this.#places.size);
  }

  answered({ id }: Event): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    if (place <= this.#last) throw new Error(`Event ${id} was asked for at ${place}, before ${this.#last}.`);
    this.#last = place;
  }
}

function countsOf(events: readonly Event[], sizeMs: number): string[] {
  const counts = new Map<string, number>();
  for (const { key, time } of events) {
    const window = `${key} ${time - (time % sizeMs)}`;
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return [...counts].map(([window, count]) => `${window} ${count}`);
}
