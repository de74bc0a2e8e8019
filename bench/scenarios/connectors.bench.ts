import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { OutputTag, ReaderOutput, Sink, Source, SourceReader } from '../../core/internal.js';
import { InputStatus, types } from '../../core/internal.js';
import { FileSink, FileSource, LocalFileSystem } from '../../storage/index.js';
import { median, Report, SMALL } from '../harness.js';
import { bidType, makeBids } from './bid.js';

/** Readers and writers of files on this disk, driven as a task drives them but without the engine. */

const LINES = SMALL ? 1000 : 1_000_000;
const FLIGHTS = SMALL ? 1000 : 3_000_000;
const RUNS = SMALL ? 1 : 3;
const BUDGET = 1024;

class CountingOutput<T> implements ReaderOutput<T> {
  remaining = 0;
  count = 0;

  collect(_value: T): void {
    this.remaining--;
    this.count++;
  }

  createOutputForSplit(): this {
    return this;
  }

  releaseOutputForSplit(): void {}

  sideOutput<X>(_tag: OutputTag<X>, _value: X): void {
    this.remaining--;
  }

  emitWatermark(): void {}

  markIdle(): void {}

  markActive(): void {}
}

const disk = new LocalFileSystem();
const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Records a second. */
async function readingRate<T, S, E>(source: Source<T, S, E>, limit: number): Promise<number> {
  const output = new CountingOutput<T>();
  const start = performance.now();
  const work: Promise<void>[] = [];
  const enumerator = source.createEnumerator({
    parallelism: 1,
    fileSystem: disk,
    clock,
    assignSplit: (split) => reader.addSplits([split]),
    signalNoMoreSplits: () => reader.notifyNoMoreSplits(),
    setIsProcessingBacklog: () => {},
    callAsync: (run, handle) => work.push(run().then(handle)),
  });
  const reader: SourceReader<T, S> = source.createReader({
    subtaskIndex: 0,
    parallelism: 1,
    fileSystem: disk,
    clock,
    sleep: turn,
    countSkippedRecord: () => {},
    requestSplit: () => enumerator.handleSplitRequest(0),
  });
  await enumerator.start();
  await Promise.all(work);
  let lastTurn = performance.now();
  for (;;) {
    output.remaining = BUDGET;
    const status = reader.pollNext(output);
    if (status === InputStatus.END_OF_INPUT || output.count >= limit) break;
    if (status === InputStatus.NOTHING_AVAILABLE) await reader.isAvailable();
    if (performance.now() - lastTurn < 1) continue;
    await turn();
    lastTurn = performance.now();
  }
  const seconds = (performance.now() - start) / 1000;
  await reader.close?.();
  return output.count / seconds;
}

async function writingRate<T, C>(sink: Sink<T, C>, values: readonly T[], count: number): Promise<number> {
  const context = {
    subtaskIndex: 0,
    parallelism: 1,
    jobName: 'bench',
    uid: 'sink',
    epoch: 1,
    attempt: 0,
    restoredCheckpointId: undefined,
    fileSystem: disk,
    clock,
    collect: () => {},
    writeLine: async () => {},
  };
  const writer = sink.createWriter(context, []);
  const committer = sink.createCommitter?.(context);
  await writer.open?.([]);
  const at = { timestamp: undefined, watermark: 0 };
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    writer.write(values[i % values.length] as T, at);
    if (i % BUDGET === 0 && writer.busy !== undefined) await writer.busy;
  }
  await writer.flush(true);
  await committer?.commit((await writer.prepareCommit?.()) ?? []);
  return count / ((performance.now() - start) / 1000);
}

async function writeLines(path: string, line: (i: number) => string): Promise<void> {
  const file = createWriteStream(path);
  for (let i = 0; i < LINES; i += 1000) {
    let text = '';
    for (let j = i; j < Math.min(LINES, i + 1000); j++) text += `${line(j)}\n`;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const report = new Report('connectors');
try {
  const bids = makeBids(1000);
  const bid = (i: number) => bids[i % bids.length];
  const path = (name: string) => join(folder, name);
  await writeLines(path('short'), (i) => `a line of text, number ${i}`);
  await writeLines(path('accents'), (i) => `une ligne accentuée, numéro ${i}`);
  await writeLines(path('bids.jsonl'), (i) => JSON.stringify(bid(i)));
  await writeLines(path('bids.csv'), (i) => Object.values(bid(i) ?? {}).join(','));
  const flight = types.object({
    date: types.timestamp,
    delay: types.int32,
    distance: types.int32,
    origin: types.string,
    destination: types.string,
  });
  const csv = { header: false };
  const read = async <T, S, E>(name: string, source: Source<T, S, E>, limit = LINES) => {
    report.value(name, await median(RUNS, () => readingRate(source, limit)), 'records/s');
  };
  await read('text lines, 30 bytes', FileSource.textLines(path('short')));
  await read('text lines, 30 bytes, not ASCII', FileSource.textLines(path('accents')));
  await read('JSON lines, bids, no type', FileSource.jsonLines(path('bids.jsonl')));
  await read('JSON lines, bids, declared', FileSource.jsonLines(path('bids.jsonl'), bidType));
  await read('CSV, bids', FileSource.csv(path('bids.csv'), bidType, csv));
  const flights = 'node_modules/vega-datasets/data/flights-3m.parquet';
  await read('Parquet, 5 columns', FileSource.parquet(flights, flight), FLIGHTS);
  const write = async <T, C>(name: string, sink: Sink<T, C>, values: readonly T[]) => {
    report.value(name, await median(RUNS, () => writingRate(sink, values, LINES)), 'records/s');
    rmSync(path('out'), { recursive: true, force: true });
  };
  const texts = bids.map((each) => JSON.stringify(each));
  await write('file sink, text of bids', FileSink.textLines(path('out')), texts);
  await write('file sink, JSON of bids, no type', FileSink.jsonLines(path('out')), bids);
  const typed = FileSink.jsonLines(path('out'), { type: bidType });
  await write('file sink, JSON of bids, declared', typed, bids);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = report.finish() ? 0 : 1;
