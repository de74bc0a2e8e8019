import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Prng } from '../../../core/internal.js';
import {
  answerStoreRequest,
  DistantObjectStore,
  FileObjectStore,
  LocalFileSystem,
  MemoryObjectStore,
  type ObjectStore,
} from '../../../storage/index.js';
import { bytes, objectStoreContract, read, stream } from '../../object-store-contract.js';
import { S3Server } from '../../s3/s3-server.js';
import { s3StoreAt } from '../../s3/s3-store.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';
import { SimulatedBucket, SimulatedObjectStore } from '../../simulation/simulated-object-store.js';

/** Two stores over one medium each, as two processes have them. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const disk = new SimulatedDisk();
const bucket = new SimulatedBucket();
const memory = new MemoryObjectStore();
const shared = new MemoryObjectStore();
const server = await S3Server.start({ abilities: { pageSizeMax: 2 } });
t.teardown(() => server.close());
const STORES: Readonly<Record<string, [ObjectStore, ObjectStore]>> = {
  'local files': [localStore('a'), localStore('b')],
  'simulated files': [simulatedStore('a'), simulatedStore('b')],
  'a bucket': [new SimulatedObjectStore(bucket, new Prng(1)), new SimulatedObjectStore(bucket, new Prng(2))],
  memory: [memory, memory],
  'memory of another thread': [distantStore(shared), distantStore(shared)],
  S3: [s3Store(1), s3Store(2)],
};

function localStore(writer: string): ObjectStore {
  return new FileObjectStore(new LocalFileSystem(), folder, writer);
}

/** As a task's thread sees a store of the control thread. */
function distantStore(store: ObjectStore, limitBytes = 1_000_000): ObjectStore {
  const distant = new DistantObjectStore(limitBytes, (request) => {
    answerStoreRequest(store, structuredClone(request)).then((reply) =>
      distant.receive(structuredClone(reply)),
    );
  });
  return distant;
}

function s3Store(seed: number): ObjectStore {
  return s3StoreAt(server.endpoint, { prefix: 'checkpoints/a job, with ümlauts & signs/', seed });
}

function simulatedStore(writer: string): ObjectStore {
  return new FileObjectStore(new SimulatedFileSystem(disk), '/objects', writer);
}

for (const [name, [store, other]] of Object.entries(STORES)) objectStoreContract(t, name, store, other);

t.test("of a writer that has ended its scratch files are removed, and nobody else's", async (t) => {
  const medium = new SimulatedDisk();
  for (const name of ['e1-a1-v0-s1.1', 'e1-a1-v0-s1.2', 'e1-a1-v0-s10.1', 'leader.1'])
    medium.create(`/o/.unfinished/${name}`, 0);
  await new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'e1-a1-v0-s1').removeOwnUnfinished();
  t.same([...medium.files().keys()], ['/o/.unfinished/e1-a1-v0-s10.1', '/o/.unfinished/leader.1']);
  await new FileObjectStore(new SimulatedFileSystem(medium), '/none', 'e1').removeOwnUnfinished();
});

t.test('scratch files of others are swept, and a write from which one is swept goes on', async (t) => {
  const medium = new SimulatedDisk();
  let sweep: (() => Promise<void>) | undefined;
  const faults = {
    faultOf: ({ kind }: { kind: string }) => {
      if (kind !== 'link' || sweep === undefined) return undefined;
      const until = sweep();
      sweep = undefined;
      return { kind: 'hold', until } as const;
    },
  };
  const slow = new FileObjectStore(new SimulatedFileSystem(medium, { faults }), '/o', 'slow');
  const leader = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'leader');
  medium.create('/o/.unfinished/dead.1', 0);
  medium.create('/o/.unfinished/leader.1', 0);
  sweep = () => leader.sweepUnfinished();
  t.equal(await slow.createIfAbsent('log/1', bytes(1)), true);
  t.same([...medium.files().keys()], ['/o/.unfinished/leader.1', '/o/log/1'], 'its own are not swept');
  t.equal(await leader.createIfAbsent('log/2', bytes(1)), true, 'and a name that is taken is passed over');
});

t.test('[scenario 7] a full disk leaves no object and no scratch file', async (t) => {
  const medium = new SimulatedDisk();
  medium.capacityBytes = 100;
  const store = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'w');
  await t.rejects(store.put('data/x', stream(new Uint8Array(90), new Uint8Array(90))), { code: 'MR3003' });
  await t.rejects(store.createIfAbsent('log/1', new Uint8Array(101)), { code: 'MR3003' });
  t.equal(medium.files().size, 0);
  const small = new MemoryObjectStore(100);
  await t.rejects(small.put('data/x', stream(new Uint8Array(90), new Uint8Array(90))), { code: 'MR3003' });
  t.equal(await small.createIfAbsent('log/1', new Uint8Array(100)), true);
  const distant = distantStore(small, 90);
  await t.rejects(distant.put('data/x', stream(new Uint8Array(50), new Uint8Array(50))), {
    code: 'MR3003',
    hint: /execution\.checkpointing\.jobmanager-storage\.max-size/,
  });
  await t.rejects(distant.createIfAbsent('log/2', bytes(1)), { code: 'MR3003' }, 'the other thread says no');
});

t.test('what was written survives a loss of power, whatever else happened', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const medium = new SimulatedDisk();
    const store = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'w');
    await store.put('data/x', stream(bytes(1, 2), bytes(3)));
    await store.createIfAbsent('log/1', bytes(4));
    await store.createIfAbsent('log/2', bytes(5));
    await store.delete(['log/2']);
    const after = new FileObjectStore(new SimulatedFileSystem(medium.crash(new Prng(seed))), '/o', 'w');
    t.same(await after.list(''), ['data/x', 'log/1']);
    t.same([...(await read(after, 'data/x'))], [1, 2, 3]);
  }
});
