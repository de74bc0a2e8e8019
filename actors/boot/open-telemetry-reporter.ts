import { type Gauge, metrics, SpanStatusCode, trace, type UpDownCounter } from '@opentelemetry/api';
import type { JobSpan, TelemetryPoint } from '../../core/internal.js';
import type { Telemetry } from '../cluster/cluster-gateway.js';

const SCOPE = 'millrace';

/**
 * Hands metrics and spans to what the program has registered with OpenTelemetry, on the main thread. Imported when
 * something is registered there; the package is the program's own.
 *
 * Invariant: of a counter, what has been added in all is what it told last.
 */
export class OpenTelemetryReporter {
  readonly #meter = metrics.getMeter(SCOPE);
  readonly #tracer = trace.getTracer(SCOPE);
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, UpDownCounter>();
  /** What counters told last, by name and attributes. */
  #told = new Map<string, number>();

  report({ points, spans }: Telemetry): void {
    const told = new Map<string, number>();
    for (const point of points) {
      if (point.kind === 'counter') this.#count(point, told);
      else this.#gaugeOf(point.name).record(point.value, point.attributes);
    }
    this.#told = told;
    for (const span of spans) this.#end(span);
  }

  #count({ name, value, attributes }: TelemetryPoint, told: Map<string, number>): void {
    const key = JSON.stringify([name, attributes]);
    told.set(key, value);
    const more = value - (this.#told.get(key) ?? 0);
    if (more !== 0) this.#counterOf(name).add(more, attributes);
  }

  #end({ name, startMs, endMs, attributes }: JobSpan): void {
    const span = this.#tracer.startSpan(name, {
      root: true,
      startTime: startMs,
      attributes: { ...attributes },
    });
    const { failureMessage } = attributes;
    if (failureMessage !== undefined)
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(failureMessage) });
    span.end(endMs);
  }

  #gaugeOf(name: string): Gauge {
    const gauge = this.#gauges.get(name) ?? this.#meter.createGauge(name);
    this.#gauges.set(name, gauge);
    return gauge;
  }

  /** Users' counters may go down. */
  #counterOf(name: string): UpDownCounter {
    const counter = this.#counters.get(name) ?? this.#meter.createUpDownCounter(name);
    this.#counters.set(name, counter);
    return counter;
  }
}
