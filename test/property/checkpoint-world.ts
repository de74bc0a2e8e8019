import {
  type CheckpointManifest,
  encodeUtf8,
  invariant,
  isMillraceError,
  type Prng,
  type StateFileHandle,
} from '../../core/internal.js';
import { listSlots, readSlot } from '../../storage/checkpoint/job-log.js';
import { decodeManifest } from '../../storage/checkpoint/manifest-codec.js';
import { openJob } from '../../storage/index.js';
import { filesOf, type Led, manifestOf } from '../unit/storage/led-job.js';
import type { Connection, Medium } from './checkpoint-media.js';

const JOB = 'job';

/** A checkpoint that some leader was told is complete, and may have notified its tasks of. */
interface Completed {
  readonly manifest: CheckpointManifest;
  readonly parent: Completed | undefined;
}

interface Process {
  readonly pid: number;
  readonly connection: Connection;
  led: Led | undefined;
  /** What it restored or completed last. */
  newest: Completed | undefined;
  nextId: number;
  /** Files that a task believes to be those of the newest completed checkpoint: it may lag. */
  base: readonly StateFileHandle[];
  busy: Promise<void> | undefined;
  unpause: (() => void) | undefined;
  stopped: boolean;
}

/**
 * Processes that start, checkpoint, retain, pause, go on as zombies, die and lose power over one job's
 * folder, in drawn order, and what must hold all the same:
 *
 * - history is one line: what is completed has all that was completed before among its ancestors, and what
 *   is restored is the newest completed checkpoint;
 * - a restored manifest is exactly what its leader wrote, and every file in it has the bytes written;
 * - ids and epochs grow; a recorded result stays.
 */
export class CheckpointWorld {
  readonly #prng: Prng;
  readonly #medium: Medium;
  #processes: Process[] = [];
  #pids = 0;
  #maxEpoch = 0;
  /** By epoch and id, all that a leader ever tried to complete. */
  readonly #attempted = new Map<string, Completed>();
  /** All that is known to be complete, ascending. */
  readonly #history: Completed[] = [];
  readonly #contents = new Map<string, string>();
  finished = false;
  completions = 0;
  restores = 0;
  fencings = 0;
  refusals = 0;

  constructor(prng: Prng, medium: Medium) {
    this.#prng = prng;
    this.#medium = medium;
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.#step();
      await turns(this.#prng.below(this.#prng.pick([20, 300, 600])));
    }
    this.#medium.heal();
    await this.#medium.landLate();
    for (const process of this.#processes) this.#resume(process);
    for (const process of this.#processes) await process.busy;
    await this.#finale();
  }

  async #step(): Promise<void> {
    const prng = this.#prng;
    const idle = this.#processes.filter((process) => process.busy === undefined && process.led !== undefined);
    const [first, ...rest] = idle;
    const draw = prng.below(100);
    if (draw < 4 || this.#processes.every(({ unpause }) => unpause !== undefined)) {
      if (this.#processes.length < 5) this.#begin(this.#start());
      else for (const process of this.#processes) this.#resume(process);
    } else if (draw < 8) {
      this.#disturb();
    } else if (draw < 10) {
      const victim = prng.below(this.#processes.length);
      this.#processes[victim]?.connection.kill();
      this.#processes.splice(victim, 1);
    } else if (draw < 12) {
      if (this.#medium.crash()) {
        this.#processes = [];
        await this.#assertWhole();
      }
    } else if (draw < 14) {
      for (const process of this.#processes) if (prng.chance(0.3)) this.#resume(process);
    } else if (first !== undefined && draw < 15) {
      this.#begin(first, () => this.#leave(first));
    } else if (first !== undefined) {
      const process = prng.pick([first, ...rest]);
      this.#begin(process, () => this.#checkpoint(process));
    }
  }

  /** Nobody runs: whatever entry one might have to fall back to must have all its files. */
  async #assertWhole(): Promise<void> {
    const { store } = this.#medium.connect(++this.#pids, true);
    let vouched: number | undefined;
    for (const slot of (await listSlots(store)).toReversed()) {
      const reading = await readSlot(store, slot);
      if (vouched !== undefined && reading?.hash !== vouched) return;
      invariant(reading?.body !== undefined, 'no entry of the log is torn', { slot });
      vouched = reading.head?.previousHash;
      if (reading.head?.kind !== 'checkpoint') continue;
      for (const { key } of filesOf(decodeManifest(reading.body, 'slot'))) {
        invariant((await store.head(key)) !== undefined, 'no entry names a missing file', { slot, key });
      }
    }
  }

  #disturb(): void {
    if (this.#prng.chance(0.3)) {
      void this.#medium.landLate();
      return;
    }
    const victim = this.#processes[this.#prng.below(this.#processes.length)];
    if (victim === undefined || victim.unpause !== undefined) return;
    victim.connection.pause(
      new Promise((resolve) => {
        victim.unpause = resolve;
      }),
    );
  }

  #resume(process: Process): void {
    process.connection.pause(undefined);
    process.unpause?.();
    process.unpause = undefined;
  }

  #start(): Process {
    const pid = ++this.#pids;
    const process: Process = {
      pid,
      connection: this.#medium.connect(pid),
      led: undefined,
      newest: undefined,
      nextId: 0,
      base: [],
      busy: undefined,
      unpause: undefined,
      stopped: false,
    };
    this.#processes.push(process);
    return process;
  }

  /** Runs work of a process beside the others'; what the storage refuses is part of the world. */
  #begin(process: Process, work: () => Promise<void> = () => this.#open(process)): void {
    process.busy = this.#guarded(process, work);
  }

  async #guarded(process: Process, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isMillraceError(error) || error.code === 'MR9001' || error.code === 'MR3005') throw error;
      if (error.code === 'MR8003') this.fencings++;
      else this.refusals++;
      const opening = process.led === undefined;
      if (error.code === 'MR8003' || opening) process.stopped = true;
    }
    process.busy = undefined;
    if (process.stopped) this.#processes = this.#processes.filter((other) => other !== process);
  }

  async #open(process: Process): Promise<void> {
    const opened = await openJob({
      store: process.connection.store,
      jobName: JOB,
      mode: 'resume',
      holder: { host: 'h', bootId: 'b', pid: process.pid, processStartTime: '' },
      holderState: () => 'unknown',
      nowMs: process.pid,
      onUnreadable: (id, error) => {
        throw new Error(`nothing is damaged in this world, yet ${id}: ${String(error)}`);
      },
      onWarning: () => undefined,
    });
    invariant(opened.start !== 'already-finished', 'nobody has finished the job yet');
    // Somebody may have taken over since this one did: then it is a zombie from birth, and looks at the past.
    const leads = opened.epoch > this.#maxEpoch;
    invariant(opened.epoch !== this.#maxEpoch, 'epochs are unique', { epoch: opened.epoch });
    this.#maxEpoch = Math.max(this.#maxEpoch, opened.epoch);
    const expected = this.#history.at(-1)?.manifest.checkpointId ?? 0;
    const restored = opened.manifest;
    const id = restored?.checkpointId ?? 0;
    invariant(!leads || id >= expected, 'nothing completed is lost', { id, expected });
    if (restored !== undefined) {
      this.restores++;
      const completed = this.#attempted.get(`${restored.epoch} ${id}`);
      invariant(completed !== undefined, 'what is restored was once written', { id });
      const same = JSON.stringify(restored) === JSON.stringify(completed.manifest);
      invariant(same, 'the restored manifest is what was written', { id });
      this.#observe(completed);
      process.newest = completed;
      process.base = filesOf(restored);
      await this.#verifyFiles(process, opened);
    }
    process.nextId = opened.nextCheckpointId;
    process.led = opened;
  }

  async #checkpoint(process: Process): Promise<void> {
    const { led } = process;
    if (led === undefined) return;
    const { storage } = led;
    const id = process.nextId++;
    const files = this.#prng.chance(0.6) ? [...process.base] : [];
    const writer = storage.writerFor(id, this.#prng.below(3), 'op/1-0');
    for (let left = this.#prng.below(3); left > 0; left--) {
      const content = `${id} ${led.epoch} ${left}`;
      const file = writer.createFile('delta');
      await file.append(encodeUtf8(content));
      const handle = await file.finish(1);
      this.#contents.set(handle.key, content);
      files.push(handle);
    }
    const manifest = manifestOf(id, led.epoch, files);
    if (this.#prng.chance(0.1)) {
      await storage.discard(id, files);
      return;
    }
    const completed = { manifest, parent: process.newest };
    this.#attempted.set(`${led.epoch} ${id}`, completed);
    if (!(await this.#complete(led, manifest))) {
      if (this.#prng.chance(0.5)) await storage.discard(id, files);
      return;
    }
    this.#observe(completed);
    process.newest = completed;
    // Tasks hear of it late, or not at all.
    if (this.#prng.chance(0.8)) process.base = files;
    if (this.#prng.chance(0.8)) await storage.retain(this.#prng.between(1, 3), []);
  }

  async #complete(led: Led, manifest: CheckpointManifest): Promise<boolean> {
    try {
      await led.storage.complete(manifest);
      return true;
    } catch (error) {
      if (isMillraceError(error) && (error.code === 'MR8003' || error.code === 'MR9001')) throw error;
      for (;;) {
        try {
          return await led.storage.resolveUnknown(manifest.checkpointId);
        } catch (again) {
          if (isMillraceError(again) && again.code === 'MR8003') throw again;
        }
      }
    }
  }

  /**
   * Somebody has learned that a checkpoint is complete, perhaps late. Whatever the order in which that is
   * learned, complete checkpoints must form one line, each standing on the one before it.
   */
  #observe(completed: Completed): void {
    const { checkpointId } = completed.manifest;
    const at = this.#history.findIndex((other) => other.manifest.checkpointId >= checkpointId);
    const next = at === -1 ? undefined : this.#history[at];
    if (next?.manifest.checkpointId === checkpointId) {
      invariant(next === completed, 'an id is completed once', { checkpointId });
      return;
    }
    this.completions++;
    const last = at === -1 ? this.#history.at(-1) : this.#history[at - 1];
    const fits = isAncestor(last, completed) && (next === undefined || isAncestor(completed, next));
    invariant(fits, 'what is completed stands on all that was completed before', {
      completed: lineOf(completed),
      last: lineOf(last),
      next: lineOf(next),
    });
    this.#history.splice(at === -1 ? this.#history.length : at, 0, completed);
  }

  async #leave(process: Process): Promise<void> {
    await process.led?.release();
    process.stopped = true;
  }

  async #verifyFiles(process: Process, led: Led): Promise<void> {
    // Those who only look must not be disturbed by faults, nor by a leader that comes after them.
    for (const handle of filesOf(led.manifest)) {
      try {
        let text = '';
        for await (const block of led.storage.read(handle)) text += Buffer.from(block).toString();
        invariant(text === this.#contents.get(handle.key), 'a file has the bytes written', {
          key: handle.key,
        });
      } catch (error) {
        if (!isMillraceError(error) || error.code === 'MR3004') throw error;
        if (error.code === 'MR3008') await this.#assertSuperseded(process, error);
      }
    }
  }

  /** A file may only be missing when somebody else has taken the lead since. */
  async #assertSuperseded(process: Process, error: unknown): Promise<void> {
    try {
      await process.led?.storage.latest(() => undefined);
    } catch {
      return;
    }
    if (process.led !== undefined) throw error;
  }

  /** Faults are over: the job must come to its end, and stay there. */
  async #finale(): Promise<void> {
    const last = this.#start();
    await this.#open(last);
    const led = last.led;
    invariant(led !== undefined, 'the job can be opened');
    await this.#verifyAll(led);
    const manifest = manifestOf(last.nextId, led.epoch, filesOf(led.manifest));
    await led.storage.complete(manifest);
    await led.storage.retain(1, []);
    await led.storage.retain(1, []);
    await led.storage.finish({ state: 'FINISHED', finishedMs: 1 }, false);
    const keys = await last.connection.store.list('');
    invariant(keys.length === 1, 'nothing but the result is left', { keys: keys.join(' ') });
    this.finished = true;
  }

  async #verifyAll(led: Led): Promise<void> {
    for (const handle of filesOf(led.manifest)) {
      let text = '';
      for await (const block of led.storage.read(handle)) text += Buffer.from(block).toString();
      invariant(text === this.#contents.get(handle.key), 'a file has the bytes written', { key: handle.key });
    }
  }
}

function isAncestor(ancestor: Completed | undefined, of: Completed): boolean {
  if (ancestor === undefined) return true;
  for (let at: Completed | undefined = of; at !== undefined; at = at.parent) if (at === ancestor) return true;
  return false;
}

function lineOf(completed: Completed | undefined): string {
  const ids: number[] = [];
  for (let at = completed; at !== undefined; at = at.parent) ids.push(at.manifest.checkpointId);
  return ids.join('<');
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}
