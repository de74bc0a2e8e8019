import { drawn } from '../check.js';
import { BlockCoverage } from './block-coverage.js';
import { readBounded } from './bounded-reading.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutations } from './mutation.js';
import { TARGETS, targetNamed } from './targets/index.js';

/** How many inputs are drawn at once, from what has been kept until then, and looked at together. */
const BATCH = 50;
/** Kept for what they reach; the seeds are kept besides. */
const KEPT_MAX = 2000;
const KEPT_BYTES_MAX = 64 * 1024;
const SHOWN_BYTES = 300;

/**
 * `node dist/test/fuzz/main.js TARGET|all SECONDS [SEED] [--blind]`: each target for so long. Inputs that reach blocks
 * which none before has reached are kept and changed further; `--blind` changes the seeds only, which is faster.
 */
async function main(words: readonly string[]): Promise<void> {
  const isBlind = words.includes('--blind');
  const [name = 'all', seconds = '10', given] = words.filter((word) => !word.startsWith('--'));
  let failed = 0;
  const targets = name === 'all' ? TARGETS : [targetNamed(name)];
  for (const target of targets) {
    const coverage = isBlind ? undefined : new BlockCoverage();
    const run = new FuzzRun(target, given === undefined ? Date.now() | 0 : Number(given), coverage);
    if (!(await run.forMs(Number(seconds) * 1000))) failed++;
    coverage?.close();
    await target.close?.();
    console.log(run.summary());
  }
  console.log(`Node ${process.version}: ${targets.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

class FuzzRun {
  readonly #target: FuzzTarget;
  readonly #coverage: BlockCoverage | undefined;
  readonly #kept: Uint8Array[] = [];
  #seed: number;
  #runs = 0;
  #accepted = 0;
  #spentMs = 0;

  constructor(target: FuzzTarget, seed: number, coverage: BlockCoverage | undefined) {
    this.#target = target;
    this.#seed = seed;
    this.#coverage = coverage;
  }

  /** False: something was found, and has been printed. */
  async forMs(ms: number): Promise<boolean> {
    const begin = performance.now();
    const seeds = await this.#target.seeds();
    for (const bytes of seeds) await readBounded(this.#target, bytes);
    this.#coverage?.take();
    while (performance.now() - begin < ms) {
      this.#seed = (this.#seed + 1) | 0;
      const corpus = this.#kept.length === 0 ? seeds : [...seeds, ...this.#kept];
      const inputs = drawn(mutations(corpus, this.#target.words), this.#seed, BATCH);
      for (const bytes of inputs) {
        if (!(await this.#read(bytes))) return false;
        if (performance.now() - begin >= ms) break;
      }
      if (this.#coverage?.hasNew() === true) await this.#keep(inputs, this.#coverage);
    }
    this.#spentMs = performance.now() - begin;
    return true;
  }

  summary(): string {
    const rate = Math.round((this.#runs * 1000) / Math.max(1, this.#spentMs));
    const reached =
      this.#coverage === undefined ? '' : `, ${this.#coverage.blocks} blocks, ${this.#kept.length} kept`;
    return `${this.#target.name}: ${this.#runs} inputs, ${this.#accepted} accepted, ${rate} a second${reached}`;
  }

  async #read(bytes: Uint8Array): Promise<boolean> {
    this.#runs++;
    const repaired = this.#target.repaired?.(bytes) ?? bytes;
    try {
      if (await readBounded(this.#target, repaired)) this.#accepted++;
    } catch (error) {
      const shown = Buffer.from(repaired.subarray(0, SHOWN_BYTES));
      console.log(`${this.#target.name}: seed ${this.#seed}, ${repaired.length} bytes, which begin`);
      console.log(`  ${shown.toString('base64')}\n  ${JSON.stringify(shown.toString())}`);
      console.log(error);
      return false;
    }
    return true;
  }

  /** Of inputs that have been read those that reach something new: each is read once more, and looked at alone. */
  async #keep(inputs: readonly Uint8Array[], coverage: BlockCoverage): Promise<void> {
    for (const bytes of inputs) {
      const repaired = this.#target.repaired?.(bytes) ?? bytes;
      await readBounded(this.#target, repaired);
      if (coverage.take() && this.#kept.length < KEPT_MAX && repaired.length < KEPT_BYTES_MAX)
        this.#kept.push(repaired);
    }
  }
}

await main(process.argv.slice(2));
