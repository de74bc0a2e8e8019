import { existsSync, writeFileSync } from 'node:fs';
import { DiscardingSink, defineJob, MillraceError } from 'millrace';

/** Fails as `--how` says: while it is built, or built again, in a function, in a promise, once, or as nobody reads. */
export default defineJob(import.meta.url, (env, params) => {
  const how = params.require('how');
  if (how === 'build') throw new RangeError('no graph today');
  const flag = params.get('flag', '');
  const isBuiltAgain = flag !== '' && existsSync(flag);
  if (how === 'build-once' && isBuiltAgain) throw new RangeError('no second graph');
  if (how.startsWith('build-') && !isBuiltAgain) writeFileSync(flag, 'built');
  const numbers = env.fromSequence(1, params.getInt('count', 100));
  if (how === 'print') {
    numbers.print();
    return;
  }
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
    .name(how === 'build-another' && isBuiltAgain ? 'recounter' : 'counter')
    .uid('counter')
    .sinkTo(new DiscardingSink(), 'nothing');
});
