import t from 'tap';
import { OutputChecker } from './checkers/output-checker.js';
import { SimulatedDisk } from './simulated-disk.js';
import { WorldVerdict } from './world-failure.js';

const PATH = '/out/part-0';

/** A part file that somebody has seen, with a durable name or without. */
function seen(durable: boolean): { disk: SimulatedDisk; checker: OutputChecker; verdict: WorldVerdict } {
  const disk = new SimulatedDisk();
  write(disk, 'a\n');
  if (durable) disk.syncFolder('/out');
  const verdict = new WorldVerdict();
  const checker = new OutputChecker([{ folder: '/out', lines: ['a'] }], verdict);
  checker.look(disk, false);
  return { disk, checker, verdict };
}

function write(disk: SimulatedDisk, text: string): void {
  const inode = disk.create(PATH, 0);
  disk.append(inode, Buffer.from(text), 0);
  disk.syncBytes(inode);
}

t.test('a part file with a durable name must outlive a loss of power', async (t) => {
  const { disk, checker, verdict } = seen(true);
  checker.onPowerLoss(disk, new SimulatedDisk());
  t.match(verdict.failure?.message, /has gone away/);
});

t.test('one without may go, and must have come back as it was before the job finishes', async (t) => {
  for (const [text, says] of [
    ['a\n', undefined],
    ['b\n', /has changed/],
    [undefined, /has not come back/],
  ] as const) {
    const { disk, checker, verdict } = seen(false);
    const after = new SimulatedDisk();
    checker.onPowerLoss(disk, after);
    t.equal(verdict.failure, undefined);
    if (text !== undefined) write(after, text);
    checker.look(after, true);
    checker.expectAll();
    if (says === undefined) t.equal(verdict.failure, undefined);
    else t.match(verdict.failure?.message, says);
  }
});

t.test('one that is removed while the power is on has gone away', async (t) => {
  const { disk, checker, verdict } = seen(false);
  disk.remove(PATH);
  checker.look(disk, false);
  t.match(verdict.failure?.message, /has gone away/);
});
