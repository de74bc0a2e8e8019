import type {
  AttemptRestore,
  CheckpointStorage,
  FileSystem,
  KeyedStateBackend,
  Sink,
  TaskEvent,
  TaskMessage,
} from '../../core/internal.js';

/** The parts of the engine that a world may be given in another make: to see that a wrong one is found out. */
export interface Machinery {
  /** Names it in the list of broken ones. */
  readonly name: string;
  /** Whether barriers block the channels that they have arrived on. */
  readonly exactlyOnce: boolean;
  /** Whether a recording holds what its channel's reader has begun and not returned. */
  readonly recordsBegun: boolean;
  /** What an attempt is restored from. */
  restore(restore: AttemptRestore): AttemptRestore;
  fileSystem(view: FileSystem): FileSystem;
  stateBackend(backend: KeyedStateBackend): KeyedStateBackend;
  checkpointStorage(storage: CheckpointStorage): CheckpointStorage;
  sink<T, CommittableT, WriterStateT>(
    sink: Sink<T, CommittableT, WriterStateT>,
  ): Sink<T, CommittableT, WriterStateT>;
  /** For each process: what its job master hears of what its tasks tell. */
  hearing(): (event: TaskEvent) => TaskEvent;
  /** Puts a message into the mailbox of a task. */
  post(mailbox: TaskMessage[], message: TaskMessage): void;
}

/** The engine as it is. */
export const SOUND: Machinery = {
  name: 'sound',
  exactlyOnce: true,
  recordsBegun: true,
  restore: (restore) => restore,
  fileSystem: (view) => view,
  stateBackend: (backend) => backend,
  checkpointStorage: (storage) => storage,
  sink: (sink) => sink,
  hearing: () => (event) => event,
  post: (mailbox, message) => {
    mailbox.push(message);
  },
};
