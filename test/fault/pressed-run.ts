import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { plainEnvironment, visibleFiles } from './millrace-process.js';
import type { PressedOutcome, PressedPlan } from './pressed-process.js';

const PROCESS = fileURLToPath(new URL('./pressed-process.js', import.meta.url));
const KEYS = 97;

/** `ended`: its exit code or signal. */
export function runPressed(plan: PressedPlan): PressedOutcome & { readonly ended: string } {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [PROCESS, JSON.stringify(plan)], {
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  if (stdout === '') throw new Error(stderr);
  return { ended: signal ?? String(status), ...(JSON.parse(stdout) as PressedOutcome) };
}

/** Each key's results are numbered from 1, without a gap and without a double, and are `count` in all. */
export function isWhole(output: string, count: number): boolean {
  const byKey = new Map<number, number[]>();
  for (const text of visibleFiles(output).values()) {
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const { key, n } = JSON.parse(line) as { key: number; n: number };
      byKey.set(key, [...(byKey.get(key) ?? []), n]);
    }
  }
  let sum = 0;
  for (const numbers of byKey.values()) {
    numbers.sort((a, b) => a - b);
    if (numbers.some((n, index) => n !== index + 1)) return false;
    sum += numbers.length;
  }
  return byKey.size === KEYS && sum === count;
}
