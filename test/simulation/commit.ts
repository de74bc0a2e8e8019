import { spawnSync } from 'node:child_process';

/** What is replayed is a seed at a commit. */
export function commit(): string {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}
