import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { Prng } from '../../core/internal.js';
import { FileSink, type PartFile } from '../../storage/index.js';
import { check } from '../check.js';
import { RandomDiskFaults } from '../simulation/disk-fault-plan.js';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../simulation/simulated-file-system.js';
import { SinkDriver, sinkContext } from '../unit/storage/sink-driver.js';

/** What the last completed checkpoint holds. It is never lost itself. */
interface Completed {
  /** Lines 0 to position - 1 had been written. */
  readonly position: number;
  readonly uncommitted: readonly PartFile[];
}

const LINES = 60;

/** A job that writes the lines 0, 1, 2, ... through crashes of its task, its process and its machine. */
class World {
  readonly #prng: Prng;
  readonly #sink = FileSink.textLines('/out', { maxPartBytes: 400 });
  #disk = new SimulatedDisk();
  #completed: Completed = { position: 0, uncommitted: [] };
  #epoch = 0;
  #failure: unknown;
  readonly #seen = new Map<string, string>();

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  async run(): Promise<void> {
    for (let crashes = this.#prng.below(12); crashes > 0; crashes--) await this.#process(true);
    await this.#process(false);
    deepStrictEqual(
      this.#visible()
        .flatMap(([, text]) => text.split('\n').slice(0, -1))
        .sort(),
      Array.from({ length: LINES }, (_, i) => line(i)).sort(),
    );
    const hidden = [...this.#disk.files().keys()].filter((path) => path.includes('/.'));
    deepStrictEqual(hidden, [], 'nothing hidden is left');
  }

  /** One process: attempts until it is done, killed, or the machine loses power. */
  async #process(faulty: boolean): Promise<void> {
    this.#epoch++;
    const prng = this.#prng;
    const rates = faulty ? { fail: 0.02, failAfter: 0.02, full: 0.02, slow: 0.2 } : undefined;
    const faults = new RandomDiskFaults(prng.fork(), rates ?? { fail: 0, failAfter: 0, full: 0, slow: 0.2 });
    const killAt = faulty ? 1 + prng.below(150) : Number.POSITIVE_INFINITY;
    let killed = (): void => {};
    const death = new Promise<'killed'>((resolve) => {
      killed = () => resolve('killed');
    });
    const fileSystem: SimulatedFileSystem = new SimulatedFileSystem(this.#disk, {
      faults: {
        faultOf: (operation) => {
          if (operation.number === killAt) {
            fileSystem.kill();
            killed();
          }
          return faults.faultOf(operation);
        },
      },
    });
    for (let attempt = 0; ; attempt++) {
      ok(attempt < 200, `a process gets on in 200 attempts; last it failed with ${this.#failure}`);
      const outcome = await Promise.race([this.#attempt(fileSystem, attempt), death]);
      this.#checkVisible(true);
      if (outcome === 'done') return;
      if (outcome === 'killed') break;
    }
    if (prng.chance(0.5)) {
      this.#disk = this.#disk.crash(prng);
      this.#checkVisible(false);
    }
  }

  async #attempt(fileSystem: SimulatedFileSystem, attempt: number): Promise<'done' | 'failed'> {
    const prng = this.#prng;
    let { position, uncommitted } = this.#completed;
    const context = sinkContext(fileSystem, { epoch: this.#epoch, attempt });
    let driver: SinkDriver<string, PartFile> | undefined;
    try {
      driver = await SinkDriver.open(this.#sink, context, structuredClone(uncommitted));
      await driver.commit(uncommitted);
      uncommitted = [];
      while (position < LINES || uncommitted.length > 0) {
        const count = Math.min(prng.below(15), LINES - position);
        for (let i = 0; i < count; i++) await driver.write(line(position++));
        uncommitted = [...uncommitted, ...(await driver.prepare(position === LINES))];
        // An aborted checkpoint leaves what it would have committed to the next one.
        if (prng.chance(0.2)) continue;
        this.#completed = { position, uncommitted };
        await driver.commit(uncommitted);
        if (prng.chance(0.1)) await driver.commit(uncommitted);
        uncommitted = [];
        this.#checkVisible(true);
      }
      await driver.close();
      return 'done';
    } catch (error) {
      this.#failure = error;
      await driver?.close();
      return 'failed';
    }
  }

  /** What was seen is still there (unless power was lost) and has not changed. */
  #checkVisible(stays: boolean): void {
    const visible = new Map(this.#visible());
    for (const [path, text] of this.#seen) {
      if (stays) strictEqual(visible.get(path), text, `${path} stays as it was seen`);
      else if (visible.has(path)) strictEqual(visible.get(path), text, `${path} comes back as it was`);
    }
    if (!stays) this.#seen.clear();
    for (const [path, text] of visible) this.#seen.set(path, text);
  }

  #visible(): [path: string, text: string][] {
    const files: [string, string][] = [];
    for (const path of this.#disk.files().keys()) {
      const inode = this.#disk.find(path);
      if (inode === undefined || path.includes('/.')) continue;
      files.push([path, Buffer.from(inode.bytes.subarray(0, inode.length)).toString()]);
    }
    return files;
  }
}

function line(i: number): string {
  return `line ${i} ${'x'.repeat(i % 23)}`;
}

t.test(
  '[scenario 3] every line is committed exactly once, through crashes of task, process and machine',
  async () => {
    await check(
      'file sink',
      fc.asyncProperty(fc.nat(), async (seed) => {
        await new World(seed).run();
      }),
      { runs: 300 },
    );
  },
);
