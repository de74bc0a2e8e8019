import { type DistributedCache, type OfflinePorts, TaskMetrics } from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import { LocalFileSystem } from '../../storage/index.js';
import { EventCompletions } from './event-completions.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** For operators that are made on this thread and run in no task. */
export function offlinePorts(distributedCache: DistributedCache): OfflinePorts {
  return {
    codecs: new ThreadCodecFactory(),
    clock: SYSTEM_CLOCK,
    completions: new EventCompletions(
      () => {},
      () => {},
    ),
    fileSystem: new LocalFileSystem(),
    distributedCache,
    metrics: new TaskMetrics().groupOf('offline'),
  };
}
