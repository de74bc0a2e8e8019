import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { currentHolder, holderState } from '../../../storage/index.js';

t.test('a process is known by host, boot, id and start', async (t) => {
  const holder = currentHolder();
  t.equal(holder.pid, process.pid);
  t.not(holder.host, '');
  if (process.platform === 'linux') {
    t.match(holder.bootId, /^[0-9a-f-]{36}$/);
    t.match(holder.processStartTime, /^\d+$/);
  }
  t.same(currentHolder(), holder, 'and always the same');
});

t.test('whoever asks does not find itself alive, nor a record of another start', async (t) => {
  const holder = currentHolder();
  t.equal(holderState(holder), 'dead');
  t.equal(holderState({ ...holder, host: 'elsewhere' }), 'unknown');
  t.equal(holderState({ ...holder, pid: process.ppid, processStartTime: '1' }), 'dead');
  t.equal(holderState({ ...holder, pid: 2 ** 22 + 1 }), 'dead');
  t.equal(holderState({ ...holder, bootId: 'before', pid: process.ppid }), 'dead');
});

t.test('another process is seen alive until it is killed', async (t) => {
  const script = `
    const { currentHolder } = await import(${JSON.stringify(new URL('../../../storage/index.js', import.meta.url))});
    console.log(JSON.stringify(currentHolder()));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const holder = JSON.parse(String(line));
  t.equal(holder.pid, child.pid);
  t.equal(holderState(holder), 'alive');
  t.equal(holderState({ ...holder, processStartTime: '1' }), 'dead', 'its id was used before');
  child.kill('SIGKILL');
  // It is dead from the moment of the signal, whether or not its parent has asked for it.
  t.equal(holderState(holder), 'dead');
  await once(child, 'exit');
  t.equal(holderState(holder), 'dead');
});
