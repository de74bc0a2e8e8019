import t from 'tap';
import { type CheckpointManifest, type HolderState, isMillraceError } from '../../../core/internal.js';
import { sealedText } from '../../../storage/checkpoint/sealed-text.js';
import { type BegunJob, beginJob, FileObjectStore, type ObjectStore } from '../../../storage/index.js';
import { modelGraph } from '../../model-graph.js';
import { S3Server } from '../../s3/s3-server.js';
import { s3StoreAt } from '../../s3/s3-store.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';
import { filesOf, manifestOf } from './led-job.js';

type Begun = Exclude<BegunJob, { start: 'already-finished' }>;

const MODEL = modelGraph({ name: 'op', parallelism: 1 });
const GRAPH = {
  ...MODEL,
  vertices: MODEL.vertices.map((vertex) => ({
    ...vertex,
    uid: 'op',
    operators: vertex.operators.map((operator) => ({ ...operator, uid: 'op' })),
  })),
};

/** A disk with jobs on it, each in a folder below `/jobs`. */
class Jobs {
  readonly disk = new SimulatedDisk();
  readonly warnings: unknown[] = [];

  readonly storeAt: (folder: string) => ObjectStore;

  constructor(storeAt?: (folder: string) => ObjectStore) {
    this.storeAt =
      storeAt ?? ((folder) => new FileObjectStore(new SimulatedFileSystem(this.disk), folder, 'w'));
  }

  async begin(
    name: string,
    origin: { readonly path: string; readonly claim: boolean } | undefined,
    mode: 'new' | 'resume' | 'fresh' = 'new',
    state: HolderState = 'dead',
  ): Promise<Begun> {
    const begun = await beginJob({
      store: this.storeAt(`/jobs/${name}`),
      storeAt: this.storeAt,
      folder: `/jobs/${name}`,
      graph: { ...GRAPH, name },
      jobName: name,
      mode,
      origin: origin && { ...origin, allowNonRestoredState: true },
      holder: { host: 'h', bootId: 'b', pid: 1, processStartTime: '1' },
      holderState: () => state,
      nowMs: 1,
      onUnreadable: (_id, error) => {
        throw error;
      },
      onWarning: (error) => this.warnings.push(error),
      savepoints: {
        own: `/jobs/${name}`,
        create: (folder) => ({ path: `${folder}/s`, store: this.storeAt(`${folder}/s`) }),
      },
    });
    if (begun.start === 'already-finished') throw new Error('the job is finished');
    return begun;
  }

  files(folder: string): string[] {
    return ['', '/data', '/claims'].flatMap((below) =>
      this.disk
        .entries(folder + below)
        .filter(({ isFolder }) => !isFolder)
        .map(({ name }) => `${below}/${name}`.slice(1)),
    );
  }
}

/** A checkpoint whose operator builds on the files that it had. */
async function increment(job: Begun, id: number, before: CheckpointManifest): Promise<CheckpointManifest> {
  const file = job.storage.writerFor(id, 0, 'op-0').createFile('increment');
  await file.append(new Uint8Array([id]));
  const manifest = manifestOf(id, job.epoch, [...filesOf(before), await file.finish(1)]);
  await job.storage.complete(manifest);
  return manifest;
}

async function base(job: Begun, id: number): Promise<CheckpointManifest> {
  return increment(job, id, manifestOf(id, job.epoch, []));
}

/** A job with a checkpoint, and a savepoint of it at `/s`. */
async function withSavepoint(
  storeAt?: (folder: string) => ObjectStore,
): Promise<{ readonly jobs: Jobs; readonly source: Begun }> {
  const jobs = new Jobs(storeAt);
  const source = await jobs.begin('source', undefined);
  const manifest = await base(source, source.nextCheckpointId);
  await source.storage.exportSavepoint({ ...manifest, kind: 'savepoint' }, '');
  return { jobs, source };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (isMillraceError(error) ? error.code : String(error)),
  );
}

/** Completes checkpoints until what the given one names is gone, or may be. */
async function subsume(job: Begun, from: number): Promise<void> {
  for (let id = from; id < from + 3; id++) {
    await base(job, id);
    await job.storage.retain(1, []);
  }
}

const SAVED = ['_metadata', 'data/0000000001-0000000001-0-savepoint.0.state'];

t.test('where a checkpoint lies is what another run may begin from', async (t) => {
  const jobs = new Jobs();
  const source = await jobs.begin('source', undefined);
  const first = await source.storage.complete(manifestOf(source.nextCheckpointId, source.epoch, []));
  await base(source, source.nextCheckpointId + 1);
  t.match(first, /^\/jobs\/source\/log\/\d{10}$/);
  const next = await jobs.begin('next', { path: first ?? '', claim: false });
  t.equal(next.adopted?.foundId, source.nextCheckpointId, 'that very one, though there is a newer one');
});

t.test('NO_CLAIM: nothing of the savepoint is needed or touched, from the start on', async (t) => {
  const { jobs } = await withSavepoint();
  const job = await jobs.begin('next', { path: '/s', claim: false });
  t.same(
    filesOf(job.manifest).map(({ key }) => key.slice(0, 5)),
    ['data/'],
  );
  await jobs.begin('other', { path: '/s', claim: false });
  await subsume(job, job.nextCheckpointId);
  await job.storage.finish({ state: 'FINISHED', finishedMs: 2 }, false);
  t.same(jobs.files('/s'), SAVED);
  t.same(jobs.warnings, []);
});

t.test('who begins from a drained savepoint reads on', async (t) => {
  const jobs = new Jobs();
  const source = await jobs.begin('source', undefined);
  const manifest = await base(source, source.nextCheckpointId);
  await source.storage.exportSavepoint({ ...manifest, kind: 'drained' }, '');
  for (const claim of [false, true]) {
    const job = await jobs.begin('next', { path: '/s', claim }, 'fresh');
    t.equal(job.manifest?.kind, 'checkpoint', `claim: ${claim}`);
  }
});

t.test(
  'CLAIM: increments build on the files, which go when they are subsumed, after the metadata',
  async (t) => {
    const { jobs } = await withSavepoint();
    const job = await jobs.begin('next', { path: '/s', claim: true });
    const [file] = filesOf(job.manifest);
    t.match(file?.key, /^claimed\/0000000001-0000000001\/data\//);
    let manifest = job.manifest ?? manifestOf(0, 0, []);
    for (let id = job.nextCheckpointId; id < job.nextCheckpointId + 3; id++) {
      manifest = await increment(job, id, manifest);
      await job.storage.retain(1, []);
    }
    t.same(jobs.files('/s'), ['_claimed', ...SAVED], 'it is needed still');
    const again = await jobs.begin('next', undefined, 'resume');
    t.same(filesOf(again.manifest), filesOf(manifest), 'and found by who resumes the job');
    await base(again, again.nextCheckpointId);
    await again.storage.retain(1, []);
    t.same(jobs.files('/s'), ['_claimed', ...SAVED], 'tasks may still build on it');
    await base(again, again.nextCheckpointId + 1);
    await again.storage.retain(1, []);
    t.same(jobs.files('/s'), []);
    t.same(
      jobs.files('/jobs/next').filter((name) => name.startsWith('claims/')),
      [],
    );
  },
);

t.test('CLAIM: while one of the files is needed, everybody knows whose they are', async (t) => {
  const jobs = new Jobs();
  const source = await jobs.begin('source', undefined);
  const first = await base(source, source.nextCheckpointId);
  const both = await increment(source, source.nextCheckpointId + 1, first);
  await source.storage.exportSavepoint({ ...both, kind: 'savepoint' }, '');
  const job = await jobs.begin('next', { path: '/s', claim: true });
  const [, needed] = filesOf(job.manifest);
  if (needed === undefined) throw new Error('The savepoint has two files.');
  let manifest = job.manifest ?? both;
  for (let id = job.nextCheckpointId; id < job.nextCheckpointId + 3; id++) {
    manifest = manifestOf(id, job.epoch, [needed]);
    await job.storage.complete(manifest);
    await job.storage.retain(1, []);
  }
  t.equal(jobs.files('/s').filter((name) => name.startsWith('data/')).length, 1, 'the other one is gone');
  t.ok(jobs.files('/s').includes('_claimed'));
  const again = await jobs.begin('next', undefined, 'resume');
  t.same(filesOf(again.manifest), [needed], 'found by who resumes the job');
});

t.test('a job that ends takes what it has claimed with it', async (t) => {
  const { jobs } = await withSavepoint();
  const job = await jobs.begin('next', { path: '/s', claim: true });
  await job.storage.finish({ state: 'FINISHED', finishedMs: 2 }, false);
  t.same(jobs.files('/s'), []);
});

t.test('what one job has claimed is refused to others, in each mode, and not to itself', async (t) => {
  const { jobs } = await withSavepoint();
  await jobs.begin('next', { path: '/s', claim: true });
  for (const claim of [true, false])
    t.equal(await codeOf(jobs.begin('other', { path: '/s', claim })), 'MR3010');
  t.equal(await codeOf(jobs.begin('next', { path: '/s', claim: false }, 'fresh')), 'MR3010');
  const again = await jobs.begin('next', { path: '/s', claim: true }, 'fresh');
  await subsume(again, again.nextCheckpointId);
  t.same(jobs.files('/s'), [], 'claimed twice, and removed once');
  t.same(jobs.warnings, []);
});

t.test('a claim that died before its checkpoint was complete is taken up', async (t) => {
  const { jobs } = await withSavepoint();
  const path = '/s';
  t.equal(await codeOf(jobs.begin('next', { path: '/nowhere', claim: true })), 'MR3008');
  await jobs.storeAt('/s').createIfAbsent('_claimed', claimOfNext());
  const job = await jobs.begin('next', { path, claim: true });
  t.match(filesOf(job.manifest)[0]?.key, /^claimed\/0000000001-0000000001\//, 'under the name that it had');
  await subsume(job, job.nextCheckpointId);
  t.same(jobs.files('/s'), []);
});

t.test('a claim keeps its number though the files before it go with the next start', async (t) => {
  const { jobs } = await withSavepoint();
  const died = await jobs.begin('next', undefined);
  for (let id = 1; id <= 9; id++) {
    const file = died.storage.writerFor(id, 0, 'op-0').createFile('base');
    await file.append(Uint8Array.of(id));
    await file.finish(1);
  }
  // The next run dies when it has claimed the savepoint, before that is its first checkpoint.
  const claiming = await jobs.begin('next', { path: '/s', claim: true }, 'fresh');
  await jobs.storeAt('/jobs/next').delete(['log/0000000003']);
  t.match(filesOf(claiming.manifest)[0]?.key, /^claimed\/0000000010-0000000002\//);
  const resumed = await jobs.begin('next', undefined, 'resume');
  t.match(filesOf(resumed.manifest)[0]?.key, /^claimed\/0000000010-0000000002\//);
  t.equal(resumed.manifest?.checkpointId, 11, 'above the number of the claim');
});

t.test(
  'a claim of which the job knows nothing keeps its number, and is void where it is of later',
  async (t) => {
    const { jobs } = await withSavepoint();
    // Whoever made the marker died before the record of it was written, and its files went with the next start.
    await jobs.storeAt('/s').createIfAbsent('_claimed', claimOfNext('0000000010-0000000001'));
    const job = await jobs.begin('next', { path: '/s', claim: true });
    t.match(filesOf(job.manifest)[0]?.key, /^claimed\/0000000010-0000000001\//);
    t.equal(job.manifest?.checkpointId, 10);
    t.equal(job.nextCheckpointId, 11);

    const other = await withSavepoint();
    // The folder of the job was removed, after it had gone on for long.
    await other.jobs.storeAt('/s').createIfAbsent('_claimed', claimOfNext('0000000001-0000000009'));
    t.equal(await codeOf(other.jobs.begin('next', { path: '/s', claim: true })), 'MR3010');
    t.same(
      other.jobs.files('/jobs/next').filter((name) => name.startsWith('claims/')),
      [],
    );
  },
);

function claimOfNext(name = '0000000001-0000000001'): Uint8Array {
  const claim = {
    name,
    folder: '/s',
    keys: SAVED.slice(1),
    metadataKey: '_metadata',
    owner: '/jobs/next',
    jobName: 'next',
  };
  return sealedText(claim);
}

t.test('a checkpoint is claimed from a job that has ended, which can only begin anew then', async (t) => {
  const { jobs, source } = await withSavepoint();
  const path = '/jobs/source';
  const claim = true;
  t.equal(await codeOf(jobs.begin('next', { path, claim }, 'new', 'alive')), 'MR8002');
  t.equal(await codeOf(jobs.begin('next', { path, claim }, 'fresh', 'unknown')), 'MR8002');
  t.notOk(jobs.files(path).includes('_claimed'), 'the claim is withdrawn');
  await source.release();
  const job = await jobs.begin('next', { path, claim }, 'fresh');
  t.equal(await codeOf(jobs.begin('source', undefined, 'resume')), 'MR3010');
  const anew = await jobs.begin('source', undefined, 'fresh');
  await subsume(anew, anew.nextCheckpointId);
  const [file] = filesOf(job.manifest);
  t.ok(
    await jobs.storeAt('/').head(`jobs/source/${file?.key.split('/').slice(2).join('/')}`),
    'it is not its own',
  );
  await subsume(job, job.nextCheckpointId);
  t.notOk(jobs.files(path).some((name) => name.startsWith('data/0000000001-0000000001')));
});

t.test('a claim that was refused leaves nothing: the files stay those of the job that runs', async (t) => {
  const { jobs } = await withSavepoint();
  const path = '/jobs/source';
  const before = jobs.files(path);
  t.equal(await codeOf(jobs.begin('next', { path, claim: true }, 'new', 'alive')), 'MR8002');
  const next = await jobs.begin('next', undefined, 'fresh');
  await subsume(next, next.nextCheckpointId);
  await next.storage.finish({ state: 'FINISHED', finishedMs: 2 }, false);
  t.same(jobs.files(path), before);
});

t.test('where a job has begun anew, its older files stay claimed, and newer ones are not', async (t) => {
  const { jobs, source } = await withSavepoint();
  const path = '/jobs/source';
  await source.release();
  const next = await jobs.begin('next', { path, claim: true });
  const [claimed] = filesOf(next.manifest);
  const key = claimed?.key.split('/').slice(2).join('/') ?? '';
  const anew = await jobs.begin('source', undefined, 'fresh');
  await base(anew, anew.nextCheckpointId);
  t.equal(await codeOf(jobs.begin('next', { path, claim: true }, 'fresh')), 'MR3010');
  const later = await jobs.begin('source', undefined, 'resume');
  await subsume(later, later.nextCheckpointId);
  t.ok(jobs.files(path).includes(key), 'it is not its own still');
});

t.test('what is claimed on S3 is read, built upon and removed there', async (t) => {
  const server = await S3Server.start();
  t.teardown(() => server.close());
  const storeAt = (folder: string): ObjectStore =>
    s3StoreAt(server.endpoint, { prefix: `${folder.slice(1)}/` });
  const { jobs } = await withSavepoint(storeAt);
  const below = (prefix: string): string[] =>
    [...server.bucket.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  const copy = await jobs.begin('copy', { path: '/s', claim: false });
  await subsume(copy, copy.nextCheckpointId);
  t.same(below('s/').sort(), SAVED, 'a copy takes nothing');
  const job = await jobs.begin('next', { path: '/s', claim: true });
  const manifest = await increment(job, job.nextCheckpointId, job.manifest ?? manifestOf(0, 0, []));
  await job.storage.retain(1, []);
  const again = await jobs.begin('next', undefined, 'resume');
  t.same(filesOf(again.manifest), filesOf(manifest));
  await subsume(again, again.nextCheckpointId);
  t.same(below('s/'), []);
  t.same(below('jobs/next/claims/'), []);
});
