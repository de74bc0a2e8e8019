import {
  FileCache,
  type Input,
  JobParameters,
  type KeyedSnapshot,
  type KeyedStateHandle,
  type KeyedStateStore,
  MillraceError,
  NO_OUTPUT,
  NO_TIMESTAMP,
  type OperatorStateHandle,
  type Output,
  offlineContext,
  type SnapshotWriter,
  type StateBootstrap,
} from '../../core/internal.js';
import { offlinePorts } from './offline-ports.js';

type Windows = Extract<StateBootstrap, { kind: 'window' }>;

/** Where the state of an operator is made. */
interface BootstrapPlace {
  readonly uid: string;
  readonly maxParallelism: number;
  /** Empty, with all key groups. */
  readonly keyedState: KeyedStateStore;
  readonly managedBytes: number;
}

/**
 * The state that a window operator has when it has taken the data and no time has passed: the operator of a job makes
 * it, without watermarks and without being woken.
 */
export async function windowState(
  { data, timestampOf, factory }: Windows,
  { uid, ...place }: BootstrapPlace,
  writer: SnapshotWriter,
): Promise<OperatorStateHandle> {
  const { keyedState } = place;
  const described = { uid, name: uid, parallelism: 1, globalJobParameters: new JobParameters({}), lists: {} };
  const context = offlineContext({ ...described, ...place }, offlinePorts(new FileCache()));
  const operator = factory.create(context, NO_OUTPUT as Output<never>);
  try {
    await operator.open();
    await keyedState.restore();
    const [input] = operator.inputs as readonly Input<unknown>[];
    for await (const value of data) {
      const timestamp = timestampOf === undefined ? NO_TIMESTAMP : timeOf(timestampOf, value);
      input?.processElement(value, timestamp);
    }
    await operator.prepareSnapshot(writer.checkpointId);
    const { keyed, lists } = operator.snapshotState(writer.checkpointId);
    return { keyed: keyed && (await written(keyed, writer)), lists };
  } finally {
    await operator.close();
  }
}

/** The files of a snapshot, which is given up whatever becomes of them. */
export async function written(snapshot: KeyedSnapshot, writer: SnapshotWriter): Promise<KeyedStateHandle> {
  try {
    return await snapshot.write(writer);
  } finally {
    snapshot.discard();
  }
}

function timeOf(timestampOf: (value: never) => number, value: unknown): number {
  const timestamp = timestampOf(value as never);
  if (Number.isSafeInteger(timestamp)) return timestamp;
  throw new MillraceError('MR1001', `A record was given the timestamp ${String(timestamp)}.`, {
    hint: 'Give whole milliseconds since the epoch.',
  });
}
