import {
  CollectSink,
  defineJob,
  InputStatus,
  type Source,
  type SourceReader,
  WatermarkStrategy,
} from 'millrace';

/** Emits its subtask's number and ends, whatever the enumerator says, which says nothing. */
class ImpatientReader implements SourceReader<number, number> {
  readonly #subtask: number;
  #emitted = false;

  constructor(subtask: number) {
    this.#subtask = subtask;
  }

  pollNext(output: { collect(value: number): void }): InputStatus {
    if (this.#emitted) return InputStatus.END_OF_INPUT;
    this.#emitted = true;
    output.collect(this.#subtask);
    return InputStatus.MORE_AVAILABLE;
  }

  async isAvailable(): Promise<void> {}

  snapshotState(): readonly number[] {
    return [];
  }

  addSplits(): void {}

  notifyNoMoreSplits(): void {}
}

const silent = { start() {}, handleSplitRequest() {}, snapshotState: () => 0 };

const source: Source<number, number, number> = {
  boundedness: 'bounded',
  createEnumerator: () => silent,
  restoreEnumerator: () => silent,
  createReader: (context) => new ImpatientReader(context.subtaskIndex),
};

/** A job whose readers end before they were told that no more splits follow. */
export default defineJob(import.meta.url, (env) => {
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'impatient')
    .sinkTo(new CollectSink(), 'collected');
});
