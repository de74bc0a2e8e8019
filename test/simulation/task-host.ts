import type { SimulatedTask } from './simulated-task.js';
import type { SimulatedTime } from './simulated-time.js';

/** What the world gives to the user code of one task, beside the engine. */
export interface TaskHost {
  /** Settles after virtual time, ms; never, once the task has ended. */
  sleep(delayMs: number): Promise<void>;
}

/** Between two looks whether a task that stands still goes on. */
const LOOK_MS = 1;

/** `task`: whose code it is, as soon as it is known. */
export function taskHost(time: SimulatedTime, task: () => SimulatedTask | undefined): TaskHost {
  const owner = {};
  return {
    sleep: async (delayMs) => {
      await time.sleep(owner, delayMs);
      while (task()?.paused === true) await time.sleep(owner, LOOK_MS);
      if (task()?.gone === true) await new Promise<never>(() => undefined);
    },
  };
}
