import type { IoMetrics, JobDetail, JobVertex, SubtaskInfo } from './flink-json.js';

/**
 * What a vertex or a subtask does, from what two answers counted, or, where it has ended, over all its time.
 * Shares are of its subtasks' time, 0 to 1; rates are records or bytes a second. Undefined: not known yet.
 */
export interface Load {
  readonly recordsIn: number | undefined;
  readonly recordsOut: number | undefined;
  readonly bytesIn: number | undefined;
  readonly bytesOut: number | undefined;
  readonly busy: number | undefined;
  readonly backPressured: number | undefined;
  readonly idle: number | undefined;
}

const UNKNOWN: Load = {
  recordsIn: undefined,
  recordsOut: undefined,
  bytesIn: undefined,
  bytesOut: undefined,
  busy: undefined,
  backPressured: undefined,
  idle: undefined,
};

/** From here on, as Flink tells them, back-pressure is low, or high. */
export const BACK_PRESSURE_LOW = 0.1;
export const BACK_PRESSURE_HIGH = 0.5;
/** With less of its time told, what a task did is not known. */
const TOLD_SHARE_MIN = 0.05;
/** A vertex this busy is at its limit. */
export const BUSY_HIGH = 0.8;

export type LoadLevel = 'unknown' | 'calm' | 'working' | 'busy' | 'back-pressured';

interface Counted {
  readonly metrics: Readonly<Partial<IoMetrics>>;
}

/** Between two looks at the same thing. A counter that went back began again: then nothing is known. */
function loadBetween(before: Counted | undefined, after: Counted, elapsedMs: number, subtasks: number): Load {
  if (before === undefined || elapsedMs <= 0) return UNKNOWN;
  const change = (name: keyof IoMetrics): number | undefined => {
    const from = before.metrics[name];
    const to = after.metrics[name];
    return from === undefined || to === undefined || to < from ? undefined : to - from;
  };
  return loadOf(change, elapsedMs, subtasks);
}

/** Over all the time of something that has ended. */
function loadOverall(counted: Counted, durationMs: number, subtasks: number): Load {
  return durationMs <= 0 ? UNKNOWN : loadOf((name) => counted.metrics[name], durationMs, subtasks);
}

function loadOf(
  counted: (name: keyof IoMetrics) => number | undefined,
  elapsedMs: number,
  subtasks: number,
): Load {
  const rate = (name: keyof IoMetrics): number | undefined => {
    const count = counted(name);
    return count === undefined ? undefined : (count / elapsedMs) * 1000;
  };
  const share = (name: keyof IoMetrics): number | undefined => {
    const ms = counted(name);
    return ms === undefined ? undefined : Math.min(1, ms / (elapsedMs * Math.max(1, subtasks)));
  };
  const told = ['accumulated-busy-time', 'accumulated-backpressured-time', 'accumulated-idle-time'] as const;
  const toldMs = told.reduce((sum, name) => sum + (counted(name) ?? 0), 0);
  // A task tells of a wait when it has ended: until then it has told of no time at all.
  const known = toldMs >= TOLD_SHARE_MIN * elapsedMs * Math.max(1, subtasks);
  const shares = known
    ? {
        busy: share('accumulated-busy-time'),
        backPressured: share('accumulated-backpressured-time'),
        idle: share('accumulated-idle-time'),
      }
    : UNKNOWN;
  return {
    ...shares,
    recordsIn: rate('read-records'),
    recordsOut: rate('write-records'),
    bytesIn: rate('read-bytes'),
    bytesOut: rate('write-bytes'),
  };
}

export function vertexLoads(before: JobDetail | undefined, after: JobDetail): ReadonlyMap<string, Load> {
  const earlier = new Map(before?.vertices.map((vertex) => [vertex.id, vertex]));
  const elapsedMs = after.now - (before?.now ?? after.now);
  return new Map(
    after.vertices.map((vertex) => [vertex.id, vertexLoad(earlier.get(vertex.id), vertex, elapsedMs)]),
  );
}

function vertexLoad(before: JobVertex | undefined, after: JobVertex, elapsedMs: number): Load {
  if (after['end-time'] > 0) return loadOverall(after, after.duration, after.parallelism);
  const same = before?.parallelism === after.parallelism ? before : undefined;
  return loadBetween(same, after, elapsedMs, after.parallelism);
}

export function subtaskLoad(before: SubtaskInfo | undefined, after: SubtaskInfo, elapsedMs: number): Load {
  if (after['end-time'] > 0) return loadOverall(after, after.duration, 1);
  const same = before?.attempt === after.attempt ? before : undefined;
  return loadBetween(same, after, elapsedMs, 1);
}

export function loadLevel({ busy, backPressured }: Load): LoadLevel {
  if (busy === undefined || backPressured === undefined) return 'unknown';
  if (busy >= BUSY_HIGH) return 'busy';
  if (backPressured > BACK_PRESSURE_HIGH) return 'back-pressured';
  return busy >= 0.3 || backPressured > BACK_PRESSURE_LOW ? 'working' : 'calm';
}

/** Back-pressure in Flink's three words. */
export function backPressureLevel(share: number | undefined): 'unknown' | 'ok' | 'low' | 'high' {
  if (share === undefined) return 'unknown';
  if (share > BACK_PRESSURE_HIGH) return 'high';
  return share > BACK_PRESSURE_LOW ? 'low' : 'ok';
}

/** Places in the job of the vertices that mostly wait for room in their outputs. */
export function pressedVertices(
  { vertices }: Pick<JobDetail, 'vertices'>,
  loads: ReadonlyMap<string, Load>,
): ReadonlySet<number> {
  const isPressed = ({ id }: JobVertex): boolean => (loads.get(id)?.backPressured ?? 0) > BACK_PRESSURE_HIGH;
  return new Set(vertices.flatMap((vertex, place) => (isPressed(vertex) ? [place] : [])));
}
