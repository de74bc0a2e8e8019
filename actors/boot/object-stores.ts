import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { MillraceError, Prng, type ResolvedOptions, type TaskAddress } from '../../core/internal.js';
import {
  FileObjectStore,
  isS3Address,
  LocalBackupStore,
  LocalFileSystem,
  localPath,
  MemoryObjectStore,
  type ObjectStore,
  openS3Store,
  parseS3Address,
  type S3Settings,
  schemeOf,
} from '../../storage/index.js';
import type { HostedStore } from './hosted-store.js';
import { SystemTimers } from './system-timers.js';
import type { LocalBackup } from './task-contract.js';

/** Beside a job's log and data. */
const QUESTION_KEY = 'conditional-create';

/** Where jobs keep their checkpoints, each below it: a folder, relative to the process, or an s3:// address. */
export function checkpointsRoot(options: ResolvedOptions): string {
  return checkpointsAt(options.values['execution.checkpointing.dir'] ?? './.millrace');
}

/** The memory in which a job's checkpoints are kept as long as it runs; undefined: they are kept in a folder. */
export function memoryStore({ values }: ResolvedOptions): HostedStore | undefined {
  if (values['execution.checkpointing.storage'] !== 'jobmanager') return undefined;
  const limitBytes = values['execution.checkpointing.jobmanager-storage.max-size'];
  return { store: new MemoryObjectStore(limitBytes), limitBytes };
}

/** Where this process keeps copies of the files that it writes for checkpoints, if it does. */
export function localBackup({ values }: ResolvedOptions, localFolder: string): LocalBackup | undefined {
  const recovers = values['execution.state-recovery.from-local'];
  if (!recovers && !values['execution.checkpointing.local-backup.enabled']) return undefined;
  return { folder: join(localFolder, 'backup'), recovers };
}

/** The store of copies, where there is to be one. `writer` is used by no other running store of them. */
export function copiesOf(backup: LocalBackup | undefined, writer: string): ObjectStore | undefined {
  return backup && new FileObjectStore(new LocalFileSystem(), backup.folder, writer);
}

export function backedUp(store: ObjectStore, backup: LocalBackup | undefined, writer: string): ObjectStore {
  const copies = copiesOf(backup, writer);
  return copies === undefined ? store : new LocalBackupStore(store, copies);
}

/** Whether there are checkpoints, and at an s3:// address. */
export function keptOnS3(options: ResolvedOptions): boolean {
  const { values } = options;
  return (
    values['execution.checkpointing.interval'] !== undefined &&
    values['execution.checkpointing.storage'] === 'filesystem' &&
    isS3Address(checkpointsRoot(options))
  );
}

/**
 * What a person wrote, as a folder or an s3:// address.
 *
 * @throws MillraceError MR4002 for what is neither; an empty text would be the folder in which the process runs
 */
export function checkpointsAt(written: string): string {
  if (written.trim() === '') {
    throw new MillraceError('MR4002', 'An empty text names no folder of checkpoints.', {
      hint: 'Name a local folder, or s3://bucket/prefix.',
    });
  }
  if (isS3Address(written)) {
    const { bucket, prefix } = parseS3Address(written);
    return `s3://${bucket}/${prefix}`.replace(/\/$/, '');
  }
  const path = localPath(written);
  if (path !== undefined) return path;
  throw new MillraceError('MR4002', `There is no store for ${schemeOf(written)}://.`, {
    where: { at: written.replace(/\/\/.*@/, '//') },
    why: 'checkpoints are kept in folders and on S3',
    hint: 'Name a local folder, or s3://bucket/prefix.',
  });
}

/** @throws MillraceError MR4002 for an endpoint that is none */
export function s3Settings({ values }: ResolvedOptions): S3Settings {
  const endpoint = values['s3.endpoint'];
  if (endpoint !== undefined) checkEndpoint(endpoint);
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const said = values['s3.region'] ?? AWS_REGION ?? AWS_DEFAULT_REGION;
  return {
    endpoint,
    // A server of one's own has no regions, and yet requests are signed with one.
    region: said ?? (endpoint === undefined ? undefined : 'us-east-1'),
    pathStyleAccess: values['s3.path-style-access'],
    partBytes: values['s3.upload.min.part.size'],
    partsAtOnce: values['s3.upload.max.concurrent.uploads'],
    tryTimeoutMs: values['s3.socket-timeout'],
    retriesMax: values['s3.retry.max-num-retries'],
  };
}

/** As what a task writes to its stores, in one attempt at it and under one leader. */
export function taskWriter(epoch: number, { attempt, vertexId, subtask }: TaskAddress): string {
  return `e${epoch}-a${attempt}-v${vertexId}-s${subtask}`;
}

/** The store of a folder or address. `writer` is used by no other running store of it. */
export function storeAt(folder: string, s3: S3Settings, writer: string): ObjectStore {
  return isS3Address(folder)
    ? s3StoreAt(folder, s3)
    : new FileObjectStore(new LocalFileSystem(), folder, writer);
}

/**
 * The same for a process that is to lead: no other store, of this process or of one before it, writes under its name,
 * so that it sweeps away what any of them left. Rejects with MR3009 if the store cannot tell who was the first to
 * create an object, MR3002 or MR3001 if it cannot be used.
 */
export async function leaderStore(folder: string, s3: S3Settings, role: string): Promise<ObjectStore> {
  if (!isS3Address(folder))
    return storeAt(folder, s3, `${role}-${process.pid}-${randomBytes(6).toString('hex')}`);
  const store = s3StoreAt(folder, s3);
  await store.assertConditionalCreate(QUESTION_KEY);
  return store;
}

function s3StoreAt(address: string, s3: S3Settings) {
  // Of this thread alone. Which versions of Node do is for this package to say, and not once for each thread.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return openS3Store(address, s3, {
    createTimers: (deliver) => new SystemTimers(deliver),
    jitter: new Prng(randomInt(2 ** 48 - 1)),
  });
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (isWeb && url.username === '' && url.password === '') return;
  throw new MillraceError('MR4002', 'The value of s3.endpoint is no address of a server.', {
    where: { at: 's3.endpoint' },
    why: isWeb ? 'it holds credentials' : 'it does not begin with http:// or https://',
    hint: 'Write it as https://host:port; the AWS provider chain finds the credentials.',
  });
}
