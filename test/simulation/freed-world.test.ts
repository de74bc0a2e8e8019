import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import type { FileSystem } from '../../core/internal.js';
import { runWorld } from './drawn-world.js';
import { SOUND } from './machinery.js';
import { loopTurned } from './simulated-scheduler.js';
import { drawWorldOptions } from './world-draws.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What processes and tasks that were ended waited for must not keep them, or a soak runs out of memory. */
t.test('worlds are not kept when they are over', async (t) => {
  const views: WeakRef<FileSystem>[] = [];
  const fileSystem = (view: FileSystem): FileSystem => {
    views.push(new WeakRef(view));
    return view;
  };
  let killed = 0;
  for (const seed of [6, 17, 20, 34]) {
    const { counts } = await runWorld(drawWorldOptions(seed), { machinery: { ...SOUND, fileSystem } });
    killed += counts.get('process.killed') ?? 0;
  }
  // Caches of the engine that runs this may hold on to what was used last.
  await runWorld(drawWorldOptions(1));
  await loopTurned();
  collectGarbage();
  const kept = views.filter((view) => view.deref() !== undefined).length;
  t.ok(killed > 4, `${killed} processes were killed`);
  t.ok(kept < views.length / 10, `${kept} of ${views.length} views of the disk are kept`);
});
