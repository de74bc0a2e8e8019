import { checkOptionNames, MillraceError, nearest, type RawValue } from '../../core/internal.js';
import type { JobStart } from '../cluster/cluster-gateway.js';

/**
 * Options of a cluster; each mirrors a configuration key, which `configuration` may give by its name.
 *
 * @example
 * ```ts
 * const options: ClusterOptions = {
 *   memory: '1 gb',
 *   parallelism: 4,
 *   checkpointing: { interval: '10 s', dir: './checkpoints' },
 *   configuration: { 'restart-strategy.type': 'fixed-delay', 'restart-strategy.fixed-delay.attempts': 3 },
 * };
 * ```
 */
export interface ClusterOptions {
  /** `taskmanager.memory.flink.size`: the one size that suffices, for example `'1 gb'`. */
  readonly memory?: string | number;
  /** `parallelism.default` */
  readonly parallelism?: number;
  readonly checkpointing?: {
    /** `execution.checkpointing.interval` */
    readonly interval?: string | number;
    /** `execution.checkpointing.dir` */
    readonly dir?: string;
    /** `execution.checkpointing.unaligned.enabled` */
    readonly unaligned?: boolean;
    /** `execution.checkpointing.aligned-checkpoint-timeout` */
    readonly alignedTimeout?: string | number;
  };
  /**
   * Serves Flink's REST interface and the dashboard, whose address is `cluster.restUrl`: `true` as the keys `rest.*`
   * say, at 127.0.0.1:8081 or a free port. Without, no port is opened before `cluster.serveRest()`.
   */
  readonly rest?: boolean | RestOptions;
  /** Any keys of the configuration table; they win over the options above. */
  readonly configuration?: Readonly<Record<string, RawValue>>;
}

/** Where a cluster in a program serves REST, and for whom. */
export interface RestOptions {
  /** `rest.port`; 0: any that is free. */
  readonly port?: number;
  /** `rest.bind-address`; any but a loopback address needs a token. */
  readonly bindAddress?: string;
  /** `rest.address` */
  readonly address?: string;
  /** `rest.token` */
  readonly token?: string;
}

/** How one job is started on a cluster. */
export interface SubmitOptions {
  /** Name under which the job's checkpoints are kept; else `pipeline.name`, else the job file's name. */
  readonly jobId?: string;
  /** `'resume'` goes on from the newest checkpoint, `'fresh'` sets those of an unfinished run aside. */
  readonly start?: JobStart;
  /** Begins from a savepoint, or from a checkpoint of another job or run: its folder, or an entry of its log. */
  readonly fromSavepoint?: string;
  /** State in it of operators that the job does not have is left out (and named in a warning), not refused. */
  readonly allowNonRestoredState?: boolean;
  /**
   * `'NO_CLAIM'`: it is copied before the job starts, and stays as it is. `'CLAIM'`: its files are the job's, which
   * builds on them and removes them when no checkpoint of it needs them. Else as
   * `execution.state-recovery.claim-mode` says.
   */
  readonly claimMode?: 'NO_CLAIM' | 'CLAIM';
  readonly configuration?: Readonly<Record<string, RawValue>>;
}

export const CLUSTER_OPTIONS: readonly string[] = [
  'memory',
  'parallelism',
  'checkpointing',
  'rest',
  'configuration',
];
const CHECKPOINTING_OPTIONS: readonly string[] = ['interval', 'dir', 'unaligned', 'alignedTimeout'];
const REST_OPTIONS: readonly string[] = ['port', 'bindAddress', 'address', 'token'];

export const SUBMIT_OPTIONS: readonly string[] = [
  'jobId',
  'start',
  'fromSavepoint',
  'allowNonRestoredState',
  'claimMode',
  'configuration',
];

const STARTS: readonly string[] = ['new', 'resume', 'fresh'] satisfies readonly JobStart[];

/** What no compiler has looked at. @throws MillraceError MR1001 for an unknown option, or an unknown way to start */
export function checkSubmitOptions(options: SubmitOptions): void {
  checkOptionNames(options, SUBMIT_OPTIONS, 'submit');
  const { start } = options;
  if (start === undefined || STARTS.includes(start)) return;
  const meant = nearest(String(start), STARTS);
  throw new MillraceError('MR1001', `A job cannot start as '${String(start)}'.`, {
    where: { at: 'start' },
    why: `it is one of ${STARTS.join(', ')}`,
    hint: meant === undefined ? "Leave it out to start as 'new'." : `Did you mean '${meant}'?`,
  });
}

/** The keys that the options stand for. @throws MillraceError MR1001 for an unknown one */
export function valuesOf(options: ClusterOptions): Record<string, RawValue> {
  const values: Record<string, RawValue> = {};
  if (options.memory !== undefined) values['taskmanager.memory.flink.size'] = options.memory;
  if (options.parallelism !== undefined) values['parallelism.default'] = options.parallelism;
  checkOptionNames(options.checkpointing ?? {}, CHECKPOINTING_OPTIONS, 'checkpointing');
  const { interval, dir, unaligned, alignedTimeout } = options.checkpointing ?? {};
  if (interval !== undefined) values['execution.checkpointing.interval'] = interval;
  if (dir !== undefined) values['execution.checkpointing.dir'] = dir;
  if (unaligned !== undefined) values['execution.checkpointing.unaligned.enabled'] = unaligned;
  if (alignedTimeout !== undefined)
    values['execution.checkpointing.aligned-checkpoint-timeout'] = alignedTimeout;
  const rest = typeof options.rest === 'object' ? options.rest : {};
  checkOptionNames(rest, REST_OPTIONS, 'rest');
  if (rest.port !== undefined) values['rest.port'] = rest.port;
  if (rest.bindAddress !== undefined) values['rest.bind-address'] = rest.bindAddress;
  if (rest.address !== undefined) values['rest.address'] = rest.address;
  if (rest.token !== undefined) values['rest.token'] = rest.token;
  return { ...values, ...options.configuration };
}
