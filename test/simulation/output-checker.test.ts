import t from 'tap';
import { OutputChecker } from './checkers/output-checker.js';
import { SimulatedDisk } from './simulated-disk.js';
import { WorldVerdict } from './world-failure.js';
import { WorldListeners } from './world-listener.js';

const PATH = '/out/part-0';

interface Seen {
  readonly listeners: WorldListeners;
  readonly disk: SimulatedDisk;
  readonly verdict: WorldVerdict;
}

/** A part file that somebody has seen, with a durable name or without. */
function seen(durable: boolean): Seen {
  const verdict = new WorldVerdict();
  const listeners = new WorldListeners();
  listeners.add(new OutputChecker([{ folder: '/out', lines: ['a'] }], verdict));
  const disk = new SimulatedDisk(listeners);
  write(disk, 'a\n');
  if (durable) disk.syncFolder('/out');
  return { listeners, disk, verdict };
}

/** As sinks do: the file is whole when it gets its name. */
function write(disk: SimulatedDisk, text: string): void {
  const inode = disk.create('/out/.pending', 0);
  disk.append(inode, Buffer.from(text), 0);
  disk.syncBytes(inode);
  disk.link(inode, PATH);
  disk.remove('/out/.pending');
}

t.test('a part file with a durable name must outlive a loss of power', async (t) => {
  const { listeners, verdict } = seen(true);
  listeners.onPowerLost(new Map());
  t.match(verdict.failure?.message, /has gone away/);
});

t.test('one without may go, and must have come back as it was before the job finishes', async (t) => {
  for (const [text, says] of [
    ['a\n', undefined],
    ['b\n', /has changed/],
    [undefined, /has not come back/],
  ] as const) {
    const { listeners, verdict } = seen(false);
    listeners.onPowerLost(new Map());
    t.equal(verdict.failure, undefined);
    const after = new SimulatedDisk(listeners);
    if (text !== undefined) write(after, text);
    listeners.onJobFinished();
    if (says === undefined) t.equal(verdict.failure, undefined);
    else t.match(verdict.failure?.message, says);
  }
});

t.test('one that is torn by a loss of power has changed', async (t) => {
  const { listeners, verdict } = seen(false);
  listeners.onPowerLost(new Map([[PATH, { bytes: new Uint8Array(2), length: 2 }]]));
  t.match(verdict.failure?.message, /has changed/);
});

t.test('one that is removed, or grows, while the power is on is not as it was', async (t) => {
  for (const [act, says] of [
    [(disk: SimulatedDisk) => disk.remove(PATH), /has gone away/],
    [(disk: SimulatedDisk) => disk.truncate(PATH, 1), /has changed/],
  ] as const) {
    const { disk, verdict } = seen(false);
    act(disk);
    t.match(verdict.failure?.message, says);
  }
});
