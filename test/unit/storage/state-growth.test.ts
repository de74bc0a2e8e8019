import t from 'tap';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { lmdbLife, restoredBytes } from '../../working-copy.js';

/**
 * State whose keys come and go, through many checkpoints: neither what a restore would read nor the disk of the
 * working copy may grow with time.
 */
const MANAGED = { managedBytes: 512 * 1024 };
const ROUNDS = 90;
const KEYS_A_ROUND = 1500;
const TEXT = '-'.repeat(100);
const ROW_BYTES = TEXT.length + 20;

type Scope = { teardown(work: () => void): unknown };

interface Backend {
  readonly name: string;
  readonly life: KeyedStateLife;
  /** Of the working copy on the disk. */
  diskBytes(): number;
}

function heap(): Backend {
  return { name: 'heap', life: new KeyedStateLife(new HeapStateBackend()), diskBytes: () => 0 };
}

function lmdb(t: Scope): Backend {
  return { name: 'lmdb', ...lmdbLife(t) };
}

interface Round {
  readonly files: number;
  readonly read: number;
  readonly disk: number;
}

/** After each round its keys are in the state, and those of the last three rounds are wanted still. */
async function rounds(
  backend: Backend,
  step: (access: KeyedStateAccess, round: number) => void,
): Promise<Round[]> {
  const access = await backend.life.open(undefined, MANAGED);
  const seen: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    step(access, round);
    const handle = await backend.life.checkpoint(access);
    seen.push({ files: handle.files.length, read: restoredBytes(handle), disk: backend.diskBytes() });
    backend.life.wallMs += 1000;
  }
  await access.store.close();
  return seen;
}

function most(of: readonly Round[], value: (round: Round) => number): number {
  return Math.max(...of.map(value));
}

function assertFlat(
  t: { ok(is: boolean, why: string): unknown },
  seen: readonly Round[],
  live: number,
): void {
  const late = seen.slice(ROUNDS / 2);
  t.ok(most(seen, ({ files }) => files) <= 21, `${most(seen, ({ files }) => files)} files at most`);
  const read = most(seen, (it) => it.read);
  t.ok(read <= 6 * live, `a restore reads ${read} bytes for ${live}`);
  const early = seen.slice(ROUNDS / 6, ROUNDS / 2);
  t.ok(
    most(late, (it) => it.read) <= 1.3 * most(early, (it) => it.read),
    'what it reads does not grow with time',
  );
  t.ok(most(late, (it) => it.disk) <= 1.5 * most(early, (it) => it.disk), 'nor does the working copy');
}

for (const open of [heap, lmdb]) {
  t.test(`keys that are removed again leave nothing that grows, on ${open.name}`, async (t) => {
    const backend = open(t);
    const descriptor = new ValueStateDescriptor('text', types.string);
    const seen = await rounds(backend, (access, round) => {
      const text = access.getState(descriptor);
      for (let i = 0; i < KEYS_A_ROUND; i++) {
        access.keys.setCurrentKey(round * KEYS_A_ROUND + i);
        text.update(`${i} ${TEXT}`);
        access.keys.setCurrentKey((round - 3) * KEYS_A_ROUND + i);
        text.clear();
      }
    });
    assertFlat(t, seen, 4 * KEYS_A_ROUND * ROW_BYTES);
  });

  t.test(`keys that nobody reads again end by their time to live, on ${open.name}`, async (t) => {
    const backend = open(t);
    const descriptor = new ValueStateDescriptor('text', types.string, { ttl: { ttl: 3000 } });
    const seen = await rounds(backend, (access, round) => {
      const text = access.getState(descriptor);
      for (let i = 0; i < KEYS_A_ROUND; i++) {
        access.keys.setCurrentKey(round * KEYS_A_ROUND + i);
        text.update(`${i} ${TEXT}`);
      }
    });
    // What has expired is there until a sweep, or a base, comes to it.
    assertFlat(t, seen, 12 * KEYS_A_ROUND * ROW_BYTES);
  });
}
