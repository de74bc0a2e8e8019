import { MillraceError } from '../../../core/internal.js';
import type { WorldStage } from '../world.js';
import { type ScriptLine, taskOf } from './fault-script.js';

/** What scripts do to a world. */

/** Ends the task that the line is about. */
export function killTask(stage: WorldStage, line: ScriptLine): boolean {
  const task = taskOf(stage, line);
  task?.kill(new MillraceError('MR5003', 'The task was killed.'));
  return task !== undefined;
}

/** As kill -9 does; a disk operation that is under way takes effect later or, as drawn, never. */
export function killProcess({ processes }: WorldStage): boolean {
  const [process] = processes.active;
  process?.kill(0.5);
  return process !== undefined;
}

export function losePower({ damage }: WorldStage): boolean {
  return damage.losePower();
}

/** The process stands still, and another one starts. */
export function pauseProcess({ processes }: WorldStage): boolean {
  const [process] = processes.active;
  process?.pause(true);
  return process !== undefined;
}

/** Whoever stands still goes on, beside those that came meanwhile. */
export function resumeProcesses({ processes }: WorldStage): boolean {
  for (const process of processes.alive) if (process.isPaused) process.pause(false);
  return true;
}

/** The thread that the line is about stands still, as if the machine had no time for it. */
export function holdTask(stage: WorldStage, line: ScriptLine): boolean {
  const task = taskOf(stage, line);
  if (task !== undefined) task.paused = true;
  return task !== undefined;
}

export function releaseTasks({ processes }: WorldStage): boolean {
  for (const { launcher } of processes.alive) for (const task of launcher.tasks) task.paused = false;
  return true;
}

/** For a cue that only waits for its line. */
export function wait(): boolean {
  return true;
}
