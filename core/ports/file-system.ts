/**
 * The disk as connectors and stores see it. Paths are absolute, `/` separated. Production: the local disk.
 * Simulation: a map that tears, fails and forgets what was never synced.
 *
 * Every method rejects with a MillraceError (MR3001 in general, MR3002 when not permitted, MR3003 when the
 * disk is full), except where a missing file is an ordinary answer.
 */
export interface FileSystem {
  /** Opens for positioned reads. Rejects with MR3008 if it does not exist. */
  openRead(path: string): Promise<ReadableFile>;
  /** Creates an empty file for appending, together with its parent folders. Rejects if it exists. */
  create(path: string): Promise<AppendableFile>;
  /** Whole file, or undefined if it does not exist. For small files. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** undefined if it does not exist. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** Names (not paths) in a folder, sorted; empty if the folder does not exist. */
  list(folder: string): Promise<readonly FileEntry[]>;
  /**
   * Tells `visit`, which does not throw, each name in a folder, in no certain order; none if the folder does not
   * exist. Keeps none of them: for folders that grow as long as a job runs. A name that comes or goes meanwhile
   * may be told or not.
   */
  visitNames(folder: string, visit: (name: string) => void): Promise<void>;
  /**
   * Gives `existing` the second name `path`, atomically: exactly one of several callers wins.
   * Resolves to false when `path` exists already. Makes the parent folders of `path`. The name is durable
   * when this resolves, to true or to false. Rejects with MR3008 if `existing` does not exist; any other
   * rejection leaves open whether the name was given.
   */
  link(existing: string, path: string): Promise<boolean>;
  /** Removes a file; removing what is not there is no error. Durable only after {@link syncFolder}. */
  remove(path: string): Promise<void>;
  /** Makes durable what happened to the names in a folder: removals above all. No error if it is not there. */
  syncFolder(folder: string): Promise<void>;
  /** Removes a folder and all below it; removing what is not there is no error. */
  removeTree(folder: string): Promise<void>;
}

export interface FileStatus {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isFolder: boolean;
  /** Equal for two names of one file, as far as the disk can tell. */
  readonly identity: string;
}

export interface FileEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export interface ReadableFile {
  readonly sizeBytes: number;
  /** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same while the thread waits; throws what `read` rejects with. Not while a `read` is under way. */
  readNow(offset: number, length: number): Uint8Array;
  close(): Promise<void>;
}

export interface AppendableFile {
  /** Appends; calls are made one after another. `bytes` belongs to the file until this resolves. */
  append(bytes: Uint8Array): Promise<void>;
  /** Makes everything appended so far durable, the name included. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
