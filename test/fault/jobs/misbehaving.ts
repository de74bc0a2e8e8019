import { existsSync, writeFileSync } from 'node:fs';
import { DiscardingSink, defineJob, MillraceError } from 'millrace';

/** Fails as `--how` says: while it is built, in a function, in a promise, once, or as nobody reads what it prints. */
export default defineJob(import.meta.url, (env, params) => {
  const how = params.require('how');
  if (how === 'build') throw new RangeError('no graph today');
  const numbers = env.fromSequence(1, params.getInt('count', 100));
  if (how === 'print') {
    numbers.print();
    return;
  }
  const flag = params.get('flag', '');
  numbers
    .map((n) => {
      if (n === 50 && how === 'always') throw new RangeError('fifty is too many');
      if (n === 50 && how === 'floating') Promise.reject(new RangeError('nobody waits'));
      if (n === 50 && how === 'once' && !existsSync(flag)) {
        writeFileSync(flag, 'thrown');
        throw new MillraceError('MR9002', 'once is enough');
      }
      return n;
    })
    .name('counter')
    .uid('counter')
    .sinkTo(new DiscardingSink(), 'nothing');
});
