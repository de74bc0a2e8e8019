import fc from 'fast-check';
import t from 'tap';
import { isMillraceError, Prng } from '../../core/internal.js';
import type { S3ObjectStore } from '../../storage/object-store/s3-object-store.js';
import { check } from '../check.js';
import { read, stream } from '../object-store-contract.js';
import { evenFaults, RandomS3Faults, type S3Request } from '../s3/s3-fault-plan.js';
import { S3Server } from '../s3/s3-server.js';
import { s3StoreAt } from '../s3/s3-store.js';

/**
 * Two processes on one server that fails in every way it can: what a store says happened has happened, whatever was
 * lost on the way. What it cannot say (a rejection) may be either.
 */
const KEYS = 5;
const MIB = 1024 * 1024;

interface Command {
  readonly process: 0 | 1;
  readonly doing: 'create' | 'put' | 'put-large' | 'read' | 'head' | 'list' | 'delete';
  readonly key: number;
}

const command: fc.Arbitrary<Command> = fc.record({
  process: fc.constantFrom(0, 1),
  doing: fc.constantFrom('create', 'create', 'put', 'put-large', 'read', 'head', 'list', 'delete'),
  key: fc.nat(KEYS - 1),
});

/** What may lie under a key: nothing (0), or the content of a number. */
type Possible = Set<number>;

class World {
  readonly #stores: readonly S3ObjectStore[];
  readonly #possible: Possible[] = Array.from({ length: KEYS }, () => new Set([0]));
  /** A key is written once, so a deleted one counts for nothing any more. */
  readonly #deleted = new Set<number>();
  readonly #created: readonly Set<number>[] = [new Set(), new Set()];
  #contents = 0;

  constructor(stores: readonly S3ObjectStore[]) {
    this.#stores = stores;
  }

  async step({ process, doing, key }: Command): Promise<void> {
    const store = this.#stores[process];
    const possible = this.#possible[key];
    if (store === undefined || possible === undefined) return;
    if (doing === 'list') return this.#list(store, process);
    if (this.#deleted.has(key)) return;
    switch (doing) {
      case 'create':
        return this.#create(store, process, key, possible);
      case 'put':
        return this.#put(store, key, possible, 1000);
      case 'put-large':
        return this.#put(store, key, possible, 5 * MIB + 1000);
      case 'read':
        return this.#read(store, key, possible);
      case 'head':
        return this.#head(store, key, possible);
      case 'delete':
        return this.#delete(store, key, possible);
    }
  }

  async #create(store: S3ObjectStore, process: 0 | 1, key: number, possible: Possible): Promise<void> {
    const number = ++this.#contents;
    const created = await outcome(store.createIfAbsent(keyOf(key), contentOf(number, 1000)));
    if (created === 'unknown') return maybe(possible, number);
    if (!created) return narrow(possible, (each) => each !== 0, 'it was said to be there');
    narrow(possible, (each) => each === 0, 'it was said to be new');
    settle(possible, number);
    this.#created[process]?.add(key);
  }

  async #put(store: S3ObjectStore, key: number, possible: Possible, length: number): Promise<void> {
    const number = ++this.#contents;
    const put = await outcome(store.put(keyOf(key), stream(contentOf(number, length))));
    if (put === 'unknown') return maybe(possible, number);
    narrow(possible, (each) => each === 0, 'it was put where nothing was');
    settle(possible, number);
  }

  async #read(store: S3ObjectStore, key: number, possible: Possible): Promise<void> {
    const content = await outcome(read(store, keyOf(key)), 'MR3008');
    if (content === 'unknown') return;
    const number = content === undefined ? 0 : content.readUInt32LE(0);
    narrow(possible, (each) => each === number, `${number} was read`);
    if (content === undefined) return;
    if (!content.equals(contentOf(number, content.length)))
      throw new Error('it was read in parts of several');
    if (content.length !== 1000 && content.length !== 5 * MIB + 1000)
      throw new Error('a part of it was read');
  }

  async #head(store: S3ObjectStore, key: number, possible: Possible): Promise<void> {
    const status = await outcome(store.head(keyOf(key)));
    if (status === 'unknown') return;
    narrow(possible, (each) => (each === 0) === (status === undefined), 'it was looked for');
  }

  async #delete(store: S3ObjectStore, key: number, possible: Possible): Promise<void> {
    this.#deleted.add(key);
    if ((await outcome(store.delete([keyOf(key)]))) === 'unknown') maybe(possible, 0);
    else settle(possible, 0);
    for (const keys of this.#created) keys.delete(key);
  }

  /** A list may lag behind, but not behind what its own process did. */
  async #list(store: S3ObjectStore, process: 0 | 1): Promise<void> {
    const keys = await outcome(store.list('k/'));
    if (keys === 'unknown' || keys === undefined) return;
    for (const key of this.#created[process] ?? []) {
      if (!keys.includes(keyOf(key))) throw new Error(`${key} is missing from a list of its process`);
    }
    for (const [key, possible] of this.#possible.entries()) {
      const neverWas = possible.size === 1 && possible.has(0) && !this.#deleted.has(key);
      if (neverWas && keys.includes(keyOf(key))) throw new Error(`${key} is listed and never was`);
    }
  }
}

/** What a call resolves to; `unknown` if it failed in passing; undefined if it failed with the code. */
async function outcome<T>(call: Promise<T>, code = 'none'): Promise<T | undefined | 'unknown'> {
  try {
    return await call;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    if (error.code === code) return undefined;
    if (error.code !== 'MR3001') throw error;
    return 'unknown';
  }
}

function maybe(possible: Possible, number: number): void {
  if (number === 0 || possible.has(0)) possible.add(number);
}

function settle(possible: Possible, number: number): void {
  possible.clear();
  possible.add(number);
}

function narrow(possible: Possible, isSo: (number: number) => boolean, why: string): void {
  const left = [...possible].filter(isSo);
  if (left.length === 0) throw new Error(`${why}, which cannot be: it is one of ${[...possible]}`);
  possible.clear();
  for (const number of left) possible.add(number);
}

function keyOf(key: number): string {
  return `k/${key}`;
}

/** The number, over and over. */
function contentOf(number: number, length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(number, at);
  return content;
}

t.setTimeout(120_000);

t.test('[scenario 4, 7] whatever fails, what a store says is so', { timeout: 120_000 }, async (t) => {
  let faults = 0;
  await check(
    'S3 object store',
    fc.asyncProperty(
      fc.integer(),
      fc.array(command, { minLength: 5, maxLength: 30 }),
      async (seed, commands) => {
        const prng = new Prng(seed);
        const plan = new RandomS3Faults(prng.fork(), evenFaults(prng.pick([0.01, 0.03, 0.06])));
        const server = await S3Server.start({ faults: { faultOf: (request) => seen(plan, request) } });
        try {
          const limits = { retriesMax: prng.pick([0, 1, 5]), tryTimeoutMs: 250 };
          const stores = [0, 1].map((process) =>
            s3StoreAt(server.endpoint, { seed: seed + process, limits }),
          );
          const world = new World(stores);
          for (const each of commands) await world.step(each);
        } finally {
          await server.close();
        }
        faults += Object.values(plan.drawn).reduce((sum, count) => sum + count, 0);
      },
    ),
    { runs: 15 },
  );
  t.ok(faults > 10, `${faults} faults`);
});

/** What is damaged on the way back is for the checksums inside of the files to find. */
function seen(plan: RandomS3Faults, request: S3Request) {
  const fault = plan.faultOf(request);
  return fault?.kind === 'bit-flip' && request.operation === 'GetObject' ? undefined : fault;
}
