import { percentText } from './figures.js';
import type { Finding } from './finding.js';
import type { JobDetail, JobVertex } from './flink-json.js';
import { vertexLink } from './route.js';
import { BACK_PRESSURE_HIGH, BACK_PRESSURE_LOW, BUSY_HIGH, type Load } from './vertex-load.js';

/**
 * Which operator is slow. It is the one that is busy and not back-pressured itself, while those that feed it are:
 * back-pressure begins right behind it. Undefined while nothing holds anything up.
 */
function slowestVertex(job: JobDetail, loads: ReadonlyMap<string, Load>): JobVertex | undefined {
  let slowest: JobVertex | undefined;
  let score = 0;
  for (const vertex of job.vertices) {
    const { busy = 0, backPressured = 0 } = loads.get(vertex.id) ?? {};
    const pressed = pressedInputs(job, vertex.id, loads).length > 0;
    if (backPressured > BACK_PRESSURE_HIGH || (busy < BUSY_HIGH && !(pressed && busy >= 0.5))) continue;
    const own = busy - backPressured + (pressed ? 1 : 0);
    if (own > score) {
      slowest = vertex;
      score = own;
    }
  }
  return slowest;
}

/** The vertices before this one that wait for it. */
function pressedInputs(
  job: JobDetail,
  vertexId: string,
  loads: ReadonlyMap<string, Load>,
): readonly JobVertex[] {
  const inputs = job.plan.nodes.find(({ id }) => id === vertexId)?.inputs ?? [];
  return job.vertices.filter(
    ({ id }) =>
      inputs.some((input) => input.id === id) && (loads.get(id)?.backPressured ?? 0) > BACK_PRESSURE_LOW,
  );
}

/** What the records of others wait for, and so do the barriers behind them; undefined: nothing waits. */
export function slowestName(job: JobDetail, loads: ReadonlyMap<string, Load>): string | undefined {
  const slowest = slowestVertex(job, loads);
  return slowest !== undefined && pressedInputs(job, slowest.id, loads).length > 0 ? slowest.name : undefined;
}

export function bottleneckFinding(job: JobDetail, loads: ReadonlyMap<string, Load>): Finding | undefined {
  const slowest = slowestVertex(job, loads);
  if (slowest === undefined) return undefined;
  const busy = percentText(loads.get(slowest.id)?.busy);
  const pressed = pressedInputs(job, slowest.id, loads);
  const waiting = pressed
    .map(({ id, name }) => `${name} waits for it ${percentText(loads.get(id)?.backPressured)} of its time`)
    .join('; ');
  return {
    severity: pressed.length > 0 ? 'bad' : 'warning',
    title: `Slowest: ${slowest.name}`,
    text:
      pressed.length > 0
        ? `It is busy ${busy} of its time. ${waiting}. More subtasks, or less work for each record, would help here first.`
        : `It is busy ${busy} of its time, near its limit, though nothing waits for it yet.`,
    link: vertexLink(job.jid, slowest.id),
    linkText: 'Its subtasks',
  };
}
