import { readFileSync } from 'node:fs';
import { defineJob } from 'millrace';

/** Reads, in a map, a file that gives nothing for ever: `--pipe FIFO`. */
export default defineJob(import.meta.url, (env, params) => {
  const pipe = params.require('pipe');
  env
    .fromSequence(1, 10)
    .map((n) => n + readFileSync(pipe).length)
    .print();
});
