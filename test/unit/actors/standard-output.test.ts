import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import t, { type Test } from 'tap';
import { StandardOutput } from '../../../actors/boot/standard-output.js';

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
