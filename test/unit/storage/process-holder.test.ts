import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { currentHolder, holderState, processName, stateOfNamed } from '../../../storage/index.js';

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

t.test('of a process whose id counts in another namespace nothing can be found out', async (t) => {
  const { pidNamespace, ...earlier } = currentHolder();
  if (process.platform === 'linux') t.match(pidNamespace, /^pid:\[\d+\]$/);
  const elsewhere = { ...earlier, pidNamespace: 'pid:[1]' };
  t.equal(holderState(elsewhere), 'unknown', 'its id is mine');
  t.equal(holderState({ ...elsewhere, processStartTime: '1' }), 'unknown');
  t.equal(holderState({ ...elsewhere, pid: 2 ** 22 + 1 }), 'unknown');
  t.equal(holderState({ ...elsewhere, bootId: 'before' }), 'dead', 'no namespace outlives its machine');
  t.equal(holderState(earlier), 'dead', 'a record that names none is read as before');
});

t.test('whoever asks does not find itself alive, nor a record of another start', async (t) => {
  const holder = currentHolder();
  t.equal(holderState(holder), 'dead');
  t.equal(holderState({ ...holder, host: 'elsewhere' }), 'unknown');
  t.equal(holderState({ ...holder, pid: process.ppid, processStartTime: '1' }), 'dead');
  t.equal(holderState({ ...holder, pid: 2 ** 22 + 1 }), 'dead');
  t.equal(holderState({ ...holder, bootId: 'before', pid: process.ppid }), 'dead');
});

t.test(
  'by its name a process finds itself alive, in each of its threads, and nobody else of its id',
  async (t) => {
    const name = processName();
    t.equal(stateOfNamed(name), 'alive');
    const [pid, host] = name.split('-');
    t.equal(stateOfNamed(`${pid}-0123abcd-0123abcd`), 'unknown', 'of another host');
    if (process.platform !== 'win32') t.equal(stateOfNamed(`${pid}-${host}-0123abcd`), 'dead');
    t.equal(stateOfNamed(`${pid}-${host}-0`), 'alive', 'its start is not known');
    const index = new URL('../../../storage/index.js', import.meta.url);
    const script = `
    import(${JSON.stringify(index)}).then(({ processName }) => {
      require('node:worker_threads').parentPort.postMessage(processName());
    });`;
    const thread = new Worker(script, { eval: true });
    const [told] = await once(thread, 'message');
    t.equal(told, name);
    await thread.terminate();
  },
);

const UNSHARE = ['--pid', '--fork', '--mount-proc'];

t.test('a container of the same host name is no dead process', async (t) => {
  if (spawnSync('unshare', [...UNSHARE, 'true']).status !== 0)
    return t.comment('no rights to begin a namespace');
  const script = `
    const { currentHolder, processName } =
      await import(${JSON.stringify(new URL('../../../storage/index.js', import.meta.url))});
    console.log(JSON.stringify({ holder: currentHolder(), name: processName() }));
    process.stdin.resume();`;
  const container = spawn('unshare', [...UNSHARE, process.execPath, '--input-type=module', '-e', script]);
  const [line] = await once(container.stdout, 'data');
  const { holder, name } = JSON.parse(String(line));
  t.equal(holder.host, currentHolder().host);
  t.equal(holder.pid, 1);
  t.equal(holderState(holder), 'unknown');
  t.equal(stateOfNamed(name), 'unknown');
  container.stdin.end();
  await once(container, 'exit');
});

t.test('another process is seen alive until it is killed', async (t) => {
  const script = `
    const { currentHolder, processName } =
      await import(${JSON.stringify(new URL('../../../storage/index.js', import.meta.url))});
    console.log(JSON.stringify({ holder: currentHolder(), name: processName() }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const { holder, name } = JSON.parse(String(line));
  t.equal(holder.pid, child.pid);
  t.equal(holderState(holder), 'alive');
  t.equal(stateOfNamed(name), 'alive');
  t.equal(holderState({ ...holder, processStartTime: '1' }), 'dead', 'its id was used before');
  child.kill('SIGKILL');
  // It is dead from the moment of the signal, whether or not its parent has asked for it.
  t.equal(holderState(holder), 'dead');
  t.equal(stateOfNamed(name), 'dead');
  await once(child, 'exit');
  t.equal(holderState(holder), 'dead');
});
