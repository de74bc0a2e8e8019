import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { type OfferListener, StandardOutput } from '../../../actors/boot/standard-output.js';

type Taken = number | NodeJS.ErrnoException;

/** Stands in for the operating system: takes what `take` says of each write, and says so a turn later. */
function operatingSystem(t: Test, take: (bytes: Buffer) => Taken = (bytes) => bytes.length, file = 1) {
  const taken: string[] = [];
  const { write } = fs;
  const captured = (fd: number, bytes: Buffer, done: (error: Error | null, count?: number) => void): void => {
    t.equal(fd, file);
    const answer = take(bytes);
    if (typeof answer === 'number') taken.push(bytes.subarray(0, answer).toString());
    setImmediate(() => (typeof answer === 'number' ? done(null, answer) : done(answer)));
  };
  fs.write = captured as typeof write;
  syncBuiltinESMExports();
  t.teardown(() => {
    fs.write = write;
    syncBuiltinESMExports();
  });
  return taken;
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

t.test('lines that come while others are written go out together, in order', async (t) => {
  const taken = operatingSystem(t);
  const output = new StandardOutput();
  const first = output.writeLine('1');
  await new Promise((resolve) => process.nextTick(resolve));
  const rest = Array.from({ length: 999 }, (_, i) => output.writeLine(String(i + 2)));
  await Promise.all([first, ...rest]);
  t.equal(taken.join(''), Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''));
  t.ok(taken.length <= 2, `${taken.length} writes`);
});

t.test('standard error is another file', async (t) => {
  const taken = operatingSystem(t, (bytes) => bytes.length, 2);
  await new StandardOutput('stderr').writeLine('careful');
  t.same(taken, ['careful\n']);
});

t.test('a line is done when all of it has been taken', async (t) => {
  const taken = operatingSystem(t, () => 2);
  await new StandardOutput().writeLine('héllo');
  t.equal(taken.length, 4, 'seven bytes, two at a time');
});

t.test('a pipe that is full is tried again', async (t) => {
  let refusals = 3;
  const taken = operatingSystem(t, (bytes) => (refusals-- > 0 ? failure('EAGAIN') : bytes.length));
  await new StandardOutput().writeLine('hello');
  t.same(taken, ['hello\n']);
});

t.test('what cannot be written is said, and nothing is written after it', async (t) => {
  for (const [errno, code] of [
    ['EIO', 'MR6004'],
    ['EPIPE', 'MR6007'],
  ] as const) {
    let writes = 0;
    operatingSystem(t, () => {
      writes++;
      return failure(errno);
    });
    const output = new StandardOutput();
    await t.rejects(output.writeLine('lost'), { code });
    await t.rejects(output.writeLine('lost too'), { code });
    t.equal(writes, 1);
  }
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

async function heapAfter(work: () => Promise<void>): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await work();
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

/** Hears what is told, in order. */
function listener(): OfferListener & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return { told, onFailure: (error) => told.push(error), onDropped: (lines) => told.push(lines) };
}

t.test('when the reader has gone, nothing is kept of what comes after', async (t) => {
  operatingSystem(t, () => failure('EPIPE'));
  const heard = listener();
  const waited = new StandardOutput();
  const offered = new StandardOutput('stdout', heard);
  offered.offerLine('first');
  await t.rejects(Promise.all([waited.writeLine('first'), waited.writeLine('with it')]), { code: 'MR6007' });
  await t.rejects(waited.writeLine('after it'), { code: 'MR6007' });
  t.match(heard.told, [{ code: 'MR6007' }], 'told once');
  let refused = 0;
  const grownBytes = await heapAfter(async () => {
    for (let i = 0; i < 20_000; i++) {
      const line = Buffer.alloc(1000, 'x').toString();
      offered.offerLine(line);
      await waited.writeLine(line).catch(() => refused++);
    }
  });
  t.equal(refused, 20_000);
  await t.rejects(waited.writeLine('last'), { code: 'MR6007' });
  offered.offerLine('last');
  t.ok(grownBytes < 10_000_000, `${grownBytes} bytes more`);
  t.equal(heard.told.length, 1);
});

t.test('of what is offered while the reader stalls, a bound is kept, and the rest is counted', async (t) => {
  let stalls = true;
  const taken = operatingSystem(t, (bytes) => (stalls ? failure('EAGAIN') : bytes.length));
  const heard = listener();
  const output = new StandardOutput('stdout', {
    ...heard,
    onDropped: (lines) => output.offerLine(`${lines} dropped`),
  });
  await Promise.race([output.writeLine('line -1'), new Promise((resolve) => setImmediate(resolve))]);
  const offered = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${'x'.repeat(1000)}`);
  for (const line of offered) output.offerLine(line);
  const waited = output.writeLine('who waits is not dropped');
  stalls = false;
  await waited;
  await output.writeLine('the end');
  const lines = taken.join('').trimEnd().split('\n');
  const kept = lines.length - 4;
  t.ok(kept > 3000 && kept < 4200, `${kept} lines of 1 kB`);
  t.same(lines, [
    'line -1',
    ...offered.slice(0, kept),
    'who waits is not dropped',
    `${offered.length - kept} dropped`,
    'the end',
  ]);
  output.offerLine('there is room again');
  await output.writeLine('');
  t.equal(taken.at(-1), 'there is room again\n\n', 'and it is told once');
});

t.test(
  'lines cost more than their characters, and one that is longer than the bound is written',
  async (t) => {
    const taken = operatingSystem(t);
    const heard = listener();
    const output = new StandardOutput('stdout', heard);
    const long = 'x'.repeat(5 * 1024 * 1024);
    output.offerLine(long);
    output.offerLine('no room');
    await output.writeLine('');
    t.ok(taken.join('') === `${long}\n\n`);
    for (let i = 0; i < 100_000; i++) output.offerLine('');
    await output.writeLine('');
    t.same(heard.told, [1, 100_000 - 65_536]);
  },
);
