import type { Telemetry } from '../cluster/cluster-gateway.js';
import type { OpenTelemetryReporter } from './open-telemetry-reporter.js';

/** Where OpenTelemetry's API keeps what a program has registered with it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/**
 * Reports of a cluster to OpenTelemetry, at intervals, while the program that runs it has something registered there.
 *
 * Invariants: without that nobody is asked and nothing imported; one report at a time; the last one comes at the end.
 */
export class TelemetryReports {
  readonly #ask: () => Promise<Telemetry | undefined>;
  readonly #timer: NodeJS.Timeout | undefined;
  #reporter: OpenTelemetryReporter | undefined;
  #report: Promise<void> | undefined;
  #hasFailed = false;

  /** `ask`: undefined for a cluster that is gone. `intervalMs`: 0 for none at all; it keeps no process alive. */
  constructor(ask: () => Promise<Telemetry | undefined>, intervalMs: number) {
    this.#ask = ask;
    if (intervalMs <= 0) return;
    this.#timer = setInterval(() => void this.#next(), intervalMs);
    this.#timer.unref();
  }

  /** Once more. Never rejects. */
  async close(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    await this.#next();
  }

  #next(): Promise<void> {
    this.#report ??= this.#tell().finally(() => {
      this.#report = undefined;
    });
    return this.#report;
  }

  /** What fails is said once. */
  async #tell(): Promise<void> {
    if (!(REGISTERED in globalThis)) return;
    try {
      this.#reporter ??= new (await import('./open-telemetry-reporter.js')).OpenTelemetryReporter();
      const telemetry = await this.#ask();
      if (telemetry !== undefined) this.#reporter.report(telemetry);
    } catch (error) {
      if (!this.#hasFailed) process.stderr.write(`warning: no report to OpenTelemetry: ${String(error)}\n`);
      this.#hasFailed = true;
    }
  }
}
