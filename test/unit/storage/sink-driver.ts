import type { FileSystem, Sink, SinkWriterContext } from '../../../core/internal.js';

export interface SinkRunOptions {
  readonly jobName?: string;
  readonly uid?: string;
  readonly subtaskIndex?: number;
  readonly parallelism?: number;
  readonly epoch?: number;
  readonly attempt?: number;
  readonly lines?: string[];
}

/** The context that a sink's writer and committer get, without an engine behind it. */
export function sinkContext(fileSystem: FileSystem, options: SinkRunOptions = {}): SinkWriterContext {
  return {
    subtaskIndex: options.subtaskIndex ?? 0,
    parallelism: options.parallelism ?? 1,
    jobName: options.jobName ?? 'job',
    uid: options.uid ?? 'results',
    epoch: options.epoch ?? 1,
    attempt: options.attempt ?? 0,
    restoredCheckpointId: undefined,
    fileSystem,
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    collect: () => {},
    writeLine: async (line) => {
      options.lines?.push(line);
    },
  };
}

/** One attempt of a sink's subtask: writes, and prepares and commits as the engine would. */
export class SinkDriver<T, C> {
  readonly #writer;
  readonly #committer;

  private constructor(sink: Sink<T, C>, context: SinkWriterContext) {
    this.#writer = sink.createWriter(context, []);
    this.#committer = sink.createCommitter?.(context);
  }

  static async open<T, C>(
    sink: Sink<T, C>,
    context: SinkWriterContext,
    pending: readonly C[] = [],
  ): Promise<SinkDriver<T, C>> {
    const driver = new SinkDriver(sink, context);
    await driver.#writer.open?.(pending);
    return driver;
  }

  async write(...values: T[]): Promise<void> {
    for (const value of values) {
      await this.#writer.busy;
      this.#writer.write(value, { timestamp: undefined, watermark: 0 });
    }
  }

  async prepare(endOfInput = false): Promise<readonly C[]> {
    await this.#writer.flush(endOfInput);
    return structuredClone((await this.#writer.prepareCommit?.()) ?? []);
  }

  async commit(committables: readonly C[]): Promise<void> {
    await this.#committer?.commit(committables);
  }

  async close(): Promise<void> {
    await this.#writer.close?.();
  }

  get isBusy(): boolean {
    return this.#writer.busy !== undefined;
  }
}
