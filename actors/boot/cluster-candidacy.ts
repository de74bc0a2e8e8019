import { MillraceError, type ResolvedOptions } from '../../core/internal.js';
import { currentHolder, holderState, isS3Address, jobFolder } from '../../storage/index.js';
import type { ClusterOrder } from '../cluster/session-gateway.js';
import type { Candidacy } from './leader-contender.js';
import { checkpointsAt, leaderStore, s3Settings } from './object-stores.js';

/**
 * For what lead this process contends, as the configuration says; undefined: nobody else could have it.
 *
 * Rejects with MR4002 for a configuration that does not fit together, and with what the store says.
 */
export async function candidacyOf(
  order: ClusterOrder,
  options: ResolvedOptions,
): Promise<Candidacy | undefined> {
  const { values } = options;
  const type = values['high-availability.type'];
  if (type === 'NONE') return undefined;
  const clusterId = values['high-availability.cluster-id'] ?? order.defaultClusterId;
  const root = storageRoot(type, values['high-availability.storageDir']);
  // Those who run one job and those who take any never stand by for each other.
  const folder = jobFolder(`${root}/${order.kind}`, clusterId);
  return {
    clusterId,
    store: await leaderStore(folder, s3Settings(options), 'cluster'),
    config: {
      leaseDurationMs: values['high-availability.leader-election.lease-duration'],
      renewDeadlineMs: values['high-availability.leader-election.renew-deadline'],
      retryPeriodMs: values['high-availability.leader-election.retry-period'],
    },
    holder: currentHolder(),
    holderState,
  };
}

function storageRoot(type: 'filesystem' | 's3', written: string | undefined): string {
  const at = 'high-availability.storageDir';
  if (written === undefined) {
    throw new MillraceError('MR4002', `High availability needs a place that all processes reach.`, {
      where: { at },
      hint: `Set ${at} to a folder, or to s3://bucket/prefix.`,
    });
  }
  const root = checkpointsAt(written);
  if (isS3Address(root) === (type === 's3')) return root;
  throw new MillraceError('MR4002', `The value of ${at} does not fit high-availability.type ${type}.`, {
    where: { at },
    hint: type === 's3' ? 'Write it as s3://bucket/prefix.' : 'Name a folder, or set the type to s3.',
  });
}
