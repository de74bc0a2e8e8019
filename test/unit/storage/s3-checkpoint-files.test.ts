import t, { type Test } from 'tap';
import { ObjectStateFileReader, type ObjectStore, openJob } from '../../../storage/index.js';
import type { S3Fault } from '../../s3/s3-fault-plan.js';
import { S3Server } from '../../s3/s3-server.js';
import { s3StoreAt } from '../../s3/s3-store.js';
import { checkpoint, filesOf, type Led, led } from './led-job.js';

/** The log and the files of a job on a server whose answers are damaged on their way, and whose lists lag behind. */
async function serve(t: Test): Promise<S3Server> {
  const server = await S3Server.start();
  t.teardown(() => server.close());
  return server;
}

async function open(store: ObjectStore, pid: number): Promise<Led> {
  const opened = await openJob({
    store,
    jobName: 'delays',
    mode: 'resume',
    holder: { host: 'h', bootId: 'b', pid, processStartTime: '' },
    holderState: () => 'dead',
    nowMs: 0,
    onUnreadable: (id, error) => {
      throw new Error(`checkpoint ${id} was passed over: ${String(error)}`);
    },
    onWarning: (error) => {
      throw error;
    },
  });
  return led(opened);
}

/** Every n-th answer of an operation meets the fault. */
function every(n: number, operation: string, fault: S3Fault) {
  let count = 0;
  return {
    faultOf: (request: { operation: string }) =>
      request.operation === operation && ++count % n === 0 ? fault : undefined,
  };
}

const FLIP = { kind: 'bit-flip', position: 345_679 } as const;

t.test('[scenario 7] a bit that is flipped on its way costs no checkpoint', async (t) => {
  const server = await serve(t);
  const first = await open(s3StoreAt(server.endpoint), 1);
  await checkpoint(first, 1);
  await checkpoint(first, 2);
  server.faults = every(2, 'GetObject', FLIP);
  const second = await open(s3StoreAt(server.endpoint), 2);
  t.equal(second.manifest?.checkpointId, 2);
  const [file] = filesOf(second.manifest);
  t.ok(file);
  if (file === undefined) throw new Error('there is no file');
  const reader = new ObjectStateFileReader(s3StoreAt(server.endpoint));
  const blocks: number[][] = [];
  for await (const block of reader.read(file)) blocks.push([...block]);
  t.same(blocks, [[2, 1]], 'each block once');
  server.faults = every(1, 'GetObject', FLIP);
  await t.rejects(
    async () => {
      for await (const block of reader.read(file)) t.fail(`${block}`);
    },
    { code: 'MR3004' },
  );
});

t.test('[scenario 7] lists that lag behind hide no completed checkpoint from the next leader', async (t) => {
  for (const changes of [1, 2, 3]) {
    const server = await serve(t);
    const first = await open(s3StoreAt(server.endpoint), 1);
    for (let id = 1; id <= 4; id++) await checkpoint(first, id);
    let looks = 0;
    const fresh = {
      faultOf: (request: { operation: string }) => {
        if (request.operation !== 'ListObjectsV2') return undefined;
        // The first look may be of long ago; sooner or later a list knows what was written before it.
        return ++looks > 3 && looks < 6 ? undefined : ({ kind: 'stale', changes } as const);
      },
    };
    server.faults = fresh;
    const second = await open(s3StoreAt(server.endpoint), 2);
    t.equal(second.manifest?.checkpointId, 4, `${changes} changes behind`);
    await checkpoint(second, second.nextCheckpointId);
    await t.rejects(checkpoint(first, 9), { code: 'MR8003' });
  }
});
