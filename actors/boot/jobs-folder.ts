import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  MillraceError,
  type OptionLayer,
  type RawValue,
  type ResolvedOptions,
  resolveOptions,
} from '../../core/internal.js';
import { isS3Address } from '../../storage/index.js';
import type { JobSubmission } from '../cluster/cluster-gateway.js';
import type { FileSubmission } from '../cluster/session-gateway.js';
import { checkpointsAt, checkpointsRoot } from './object-stores.js';

/** Keys by which a submission would reach places of this machine, or its servers. */
const NAMES_A_PLACE = /dir$|Dir$|^s3\.|^high-availability\.|^web\.|^rest\.|^env\.|^security\./;

/**
 * A submission from outside: who sends it may not name what lies elsewhere. Nothing is uploaded; the file is one that
 * was put into the folder by somebody who may.
 *
 * Rejects with MR7005 if submission is off or says what it may not say, MR7002 if the name is of no file in the folder.
 */
export async function submissionOfFile(
  name: string,
  params: Readonly<Record<string, string>>,
  submission: FileSubmission,
  layers: readonly OptionLayer[],
): Promise<JobSubmission> {
  const options = resolveOptions(layers);
  const folder = options.values['web.submit.jobs-dir'];
  if (folder === undefined) throw submissionIsOff();
  const { jobName, start = 'new', fromSavepoint, allowNonRestoredState = false } = submission;
  return {
    url: pathToFileURL(await fileBelow(folder, name)).href,
    params,
    layers: [...layers, { origin: 'flag', values: harmless(submission.configuration ?? {}) }],
    jobId: jobName,
    start,
    fromSavepoint: fromSavepoint && (await savepointBelow(rootsOf(options), fromSavepoint)),
    allowNonRestoredState,
    fixedJobId: undefined,
  };
}

async function fileBelow(folder: string, name: string): Promise<string> {
  const isPlain =
    name !== '' && !isAbsolute(name) && !/[\0\\:]/.test(name) && !name.split('/').includes('..');
  const path = isPlain ? await realPathOf(join(folder, name)) : undefined;
  const root = await realPathOf(folder);
  if (path !== undefined && root !== undefined && path.startsWith(root + sep) && (await stat(path)).isFile())
    return path;
  // One answer for all: what lies elsewhere is not told.
  throw new MillraceError('MR7002', 'There is no such job file in the folder of the cluster.', {
    where: { at: 'web.submit.jobs-dir' },
    hint: 'Name a file by its path relative to that folder.',
  });
}

function rootsOf(options: ResolvedOptions): readonly string[] {
  const savepoints = options.values['execution.checkpointing.savepoint-dir'];
  const roots = savepoints === undefined ? [] : [checkpointsAt(savepoints)];
  return [...roots, checkpointsRoot(options)];
}

/** A savepoint or checkpoint below one of the cluster's own folders. */
async function savepointBelow(roots: readonly string[], written: string): Promise<string> {
  if (!/[\0\\]/.test(written) && !written.split('/').includes('..')) {
    for (const root of roots) {
      const path = isS3Address(root) ? written : await realPathOf(resolve(root, written));
      const base = isS3Address(root) ? root : await realPathOf(root);
      if (path !== undefined && base !== undefined && path.startsWith(`${base}/`)) return path;
    }
  }
  throw new MillraceError('MR7005', 'A job from outside cannot begin from that savepoint.', {
    why: "it does not lie below the cluster's folder of savepoints or of checkpoints",
    hint: 'Name one by its path below execution.checkpointing.savepoint-dir.',
  });
}

function harmless(configuration: Readonly<Record<string, RawValue>>): Readonly<Record<string, RawValue>> {
  const key = Object.keys(configuration).find((name) => NAMES_A_PLACE.test(name));
  if (key === undefined) return { ...configuration };
  throw new MillraceError('MR7005', `A job from outside cannot set '${key}'.`, {
    where: { at: key },
    why: 'places and servers are for who starts the cluster to say',
    hint: 'Set it where the cluster is started.',
  });
}

function submissionIsOff(): MillraceError {
  return new MillraceError('MR7005', 'This cluster takes no jobs from outside.', {
    where: { at: 'web.submit.jobs-dir' },
    hint: 'Start it with web.submit.jobs-dir set to the folder of the job files that may be run.',
  });
}

/** Without symbolic links; undefined if there is nothing. */
async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // Missing, or not to be read: what is there is not told.
    return undefined;
  }
}
