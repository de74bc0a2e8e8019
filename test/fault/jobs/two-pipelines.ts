import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataGeneratorSource, defineJob, FileSink, types, WatermarkStrategy } from 'millrace';

/**
 * Numbers each record of a key, and beside it passes numbers on, subtask by subtask: `--folder DIR`. A thread of the
 * first ends when the folder has a file `end-counts`, and one of the second's subtask n with a file `end-lane-n`.
 */
export default defineJob(import.meta.url, (env, params) => {
  const folder = params.require('folder');
  const numbers = new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 3000 });
  const endIf = (file: string): void => {
    const path = join(folder, file);
    if (!existsSync(path)) return;
    rmSync(path);
    process.exit(1);
  };
  env
    .fromSource(numbers, WatermarkStrategy.noWatermarks(), 'numbers')
    .uid('numbers')
    .map((n) => {
      endIf('end-counts');
      return { key: n % 7, n: 1 };
    })
    .returns(types.object({ key: types.int32, n: types.int32 }))
    .keyBy((each) => each.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('counts')
    .sinkTo(FileSink.jsonLines(join(folder, 'counts')), 'files')
    .uid('files');
  env
    .fromSource(numbers, WatermarkStrategy.noWatermarks(), 'lanes')
    .uid('lanes')
    .map((n) => {
      endIf(`end-lane-${n % 2}`);
      return String(n);
    })
    .startNewChain()
    .uid('passed')
    .sinkTo(FileSink.textLines(join(folder, 'lanes')), 'lane-files')
    .uid('lane-files');
});
