import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addCensus, type Census, NO_WORLDS } from './world-census.js';
import type { CrewAnswer, CrewOrder } from './world-crew.js';

/** Few enough that the last ones end about together, and a fault of a process costs few. */
const ORDER_MAX = 20;

const CREW = fileURLToPath(new URL('./world-crew.js', import.meta.url));
/**
 * A world leaves some ten megabytes of garbage, and little else; and it goes through nearly all code of the engine,
 * most of it a few times, which is a tenth faster where none of that is interpreted.
 */
const CREW_FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=64', '--always-sparkplug'];

export interface FleetPlan {
  readonly firstSeed: number;
  readonly worlds: number;
  readonly processes: number;
  /** No order is begun after this time; Infinity: all are. */
  readonly timeMaxMs?: number;
  /** Told what has been found so far. */
  readonly onProgress?: (census: Census) => void;
}

export interface FleetReport {
  readonly census: Census;
  readonly tookMs: number;
  /** Of all processes together. */
  readonly cpuMs: number;
}

/**
 * Runs worlds of following seeds in processes of their own.
 *
 * @throws Error if a process ends before it has answered
 */
export async function runFleet(plan: FleetPlan): Promise<FleetReport> {
  const startMs = performance.now();
  const orders = ordersOf(plan);
  const { timeMaxMs = Number.POSITIVE_INFINITY } = plan;
  const next = (): CrewOrder | undefined =>
    performance.now() - startMs < timeMaxMs ? orders.shift() : undefined;
  let [census, cpuMs] = [NO_WORLDS, 0];
  const work = async (): Promise<void> => {
    const crew = fork(CREW, { execArgv: CREW_FLAGS });
    try {
      for (let order = next(); order !== undefined; order = next()) {
        const answer = await ask(crew, order);
        census = addCensus(census, answer.census);
        cpuMs += answer.cpuMs;
        plan.onProgress?.(census);
      }
    } finally {
      if (crew.connected) crew.disconnect();
    }
  };
  await Promise.all(Array.from({ length: plan.processes }, work));
  return { census, tookMs: performance.now() - startMs, cpuMs };
}

function ordersOf({ firstSeed, worlds, processes }: FleetPlan): CrewOrder[] {
  const size = Math.max(1, Math.min(ORDER_MAX, Math.ceil(worlds / processes)));
  return Array.from({ length: Math.ceil(worlds / size) }, (_, index) => ({
    firstSeed: firstSeed + index * size,
    count: Math.min(size, worlds - index * size),
  }));
}

function ask(crew: ChildProcess, order: CrewOrder): Promise<CrewAnswer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void =>
      reject(
        new Error(`The process of the worlds from ${order.firstSeed} has ended with ${signal ?? code}.`),
      );
    crew.once('exit', onExit);
    crew.once('message', (answer) => {
      crew.off('exit', onExit);
      resolve(answer as CrewAnswer);
    });
    crew.send(order);
  });
}
