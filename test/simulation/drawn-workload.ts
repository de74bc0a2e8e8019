import { Prng } from '../../core/internal.js';
import type { Machinery } from './machinery.js';
import { simulatedJob } from './simulated-job.js';
import type { SimulatedJob } from './simulated-process.js';
import { TOPOLOGIES } from './topology/topologies.js';
import type { ExpectedOutput, Topology } from './topology/topology.js';
import { type DrawnSource, TopologyKit } from './topology/topology-kit.js';
import type { DrawWorkload, Workload } from './workload.js';
import type { WorldVerdict } from './world-failure.js';
import type { WorldOptions } from './world-options.js';

const AS_DRAWN = { shift: 0, version: 0, read: undefined };
/** Bounds what a world costs: beside slow sources checkpoints went on by the hundred, and showed nothing new. */
const CHECKPOINTS_IN_PAUSES_MAX = 12;
/** Of a job that each process starts at another parallelism. */
const MOVING_PARALLELISM_MAX = 7;

/** How a topology is drawn another time. */
interface TopologyVariant {
  /** By how much every parallelism differs from the drawn one. */
  readonly shift: number;
  /** How often somebody has changed the job since it was drawn. */
  readonly version: number;
  /** Events that the sources have read, where they did not read all; undefined: they do. */
  readonly read: ReadonlySet<number> | undefined;
}

interface DrawnTopology extends Topology {
  /** Number n of them is at n - 1. */
  readonly sources: readonly DrawnSource[];
}

type DrawTopology = (variant: TopologyVariant) => DrawnTopology;

/**
 * Draws the job of a world by its options, as often as somebody wants: the same each time, but for the variant.
 *
 * @param onThrow called when user code is about to throw
 * @param start how often somebody has started a process
 */
export function topologyDrawer(
  options: WorldOptions,
  machinery: Machinery,
  prng: Prng,
  onThrow: () => void = () => {},
  start: () => number = () => 0,
): DrawTopology {
  const drawn = TOPOLOGIES[options.topology];
  if (drawn === undefined) throw new Error(`There is no topology ${options.topology}.`);
  const seed = prng.seed();
  const { events, parallelismMax, faults, checkpointing } = options;
  // As it was before topologies were drawn twice.
  const throwing = new Prng(seed).fork();
  let throws = faults.throws;
  const most = options.moves ? Math.min(MOVING_PARALLELISM_MAX, options.maxParallelism) : parallelismMax;
  const beforeEvent = (): void => {
    if (throws === 0 || !throwing.chance(throws / events)) return;
    throws--;
    onThrow();
    throw new Error('The user code of this world throws.');
  };
  return ({ shift, version, read }) => {
    const own = new Prng(seed);
    own.fork();
    const kit = new TopologyKit(own, {
      events,
      sources: drawn.sources,
      parallelismMax,
      autoWatermarkIntervalMs: options.autoWatermarkIntervalMs,
      version,
      start,
      pausesMaxMs: checkpointing.intervalMs * CHECKPOINTS_IN_PAUSES_MAX,
      beforeEvent,
      steadyClock: faults.clockJumps === 0,
      moves: options.moves,
      endings: options.endings !== 'none',
      parallelism: (parallelism) => ((parallelism - 1 + shift) % most) + 1,
      readFolder: faults.drains > 0 ? readFolder : undefined,
      counts: (id) => read?.has(id) ?? true,
      sink: (sink) => machinery.sink(sink),
    });
    const topology = drawn.draw(kit);
    const told = (): ExpectedOutput[] =>
      kit.sources.map(({ events: given }, index) => ({
        folder: readFolder(index + 1),
        lines: given.map(({ id }) => String(id)),
      }));
    const outputs = () => (faults.drains === 0 ? topology.outputs() : [...topology.outputs(), ...told()]);
    return { ...topology, outputs, sources: kit.sources };
  };
}

/** Where a source tells what it has read. */
function readFolder(source: number): string {
  return `/out/read-${source}`;
}

/** The job that the options of a world name, drawn by its chance. */
export function drawnWorkload(options: WorldOptions, machinery: Machinery): DrawWorkload {
  return (prng, onThrow) => {
    let starts = 0;
    const draw = topologyDrawer(options, machinery, prng, onThrow, () => starts);
    return new DrawnWorkload(options, draw, () => starts++);
  };
}

class DrawnWorkload implements Workload {
  readonly files: ReadonlyMap<string, string>;
  readonly outputs: readonly ExpectedOutput[];
  readonly #options: WorldOptions;
  readonly #draw: DrawTopology;
  readonly #topology: DrawnTopology;
  readonly #jobs = new Map<string, SimulatedJob>();

  readonly #onStart: () => void;

  constructor(options: WorldOptions, draw: DrawTopology, onStart: () => void) {
    this.#options = options;
    this.#onStart = onStart;
    this.#draw = draw;
    this.#topology = draw(AS_DRAWN);
    this.files = this.#topology.files;
    this.outputs = this.#topology.outputs();
  }

  get prints(): readonly string[] {
    return this.#options.faults.drains > 0 ? [] : (this.#topology.prints?.() ?? []);
  }

  get tallies(): readonly string[] {
    return this.#topology.tallies ?? [];
  }

  get hasUnionState(): boolean {
    return this.#topology.hasUnionState === true;
  }

  get records(): number {
    return this.#topology.sources.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** Processes that run the same job share what was drawn of it; all else of it is built anew for each task. */
  job(changes: number, shift: number): SimulatedJob {
    this.#onStart();
    const version = this.#topology.evolves === true ? changes : 0;
    const name = `${version} ${shift}`;
    const known = this.#jobs.get(name);
    if (known !== undefined) return known;
    const topology = this.#draw({ ...AS_DRAWN, version, shift });
    const job = simulatedJob(this.#options, (env) => topology.build(env));
    this.#jobs.set(name, job);
    return job;
  }

  /** A source that was drained has read a part of each split from its beginning, and everything is a fold of that. */
  drained(
    linesOf: (folder: string) => readonly string[],
    wasDrained: boolean,
    verdict: WorldVerdict,
  ): { readonly records: number; readonly outputs: readonly ExpectedOutput[] } {
    const read = new Set<number>();
    for (const [index, { plan }] of this.#topology.sources.entries()) {
      const told = linesOf(readFolder(index + 1)).map(Number);
      const ends = Array.from({ length: plan.splits }, () => 0);
      for (const id of told.sort((a, b) => a - b)) {
        const split = Math.floor((id - plan.firstId) / plan.perSplit);
        const position = (id - plan.firstId) % plan.perSplit;
        verdict.check(
          ends[split] === position,
          () => `Source ${index + 1} has read event ${id}, and not the one before it, or twice.`,
        );
        ends[split] = position + 1;
        read.add(id);
      }
    }
    return {
      records: read.size,
      outputs: wasDrained ? this.#draw({ ...AS_DRAWN, read }).outputs() : this.outputs,
    };
  }
}
