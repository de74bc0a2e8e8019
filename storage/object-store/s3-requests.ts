/** A piece of an object. */
export interface S3Piece {
  readonly bytes: Uint8Array;
  /** Length of the whole object. */
  readonly sizeBytes: number;
}

export interface S3Page {
  readonly keys: readonly string[];
  /** Asks for the page behind this one; undefined at the end. */
  readonly next: string | undefined;
}

export interface S3Upload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * The requests to one bucket, each once. They reject with an {@link S3Failure}, and when the signal is aborted.
 * Keys are whole. Nothing here waits, tries again, or knows of checkpoints.
 */
export interface S3Requests {
  /** Creates an object unless there is one: `exists`, if the server looks at the condition. */
  create(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** At most `length` bytes from `offset`: fewer only at the object's end. */
  get(key: string, offset: number, length: number, signal: AbortSignal): Promise<S3Piece>;
  /** Length of an object. */
  head(key: string, signal: AbortSignal): Promise<number>;
  list(prefix: string, from: string | undefined, signal: AbortSignal): Promise<S3Page>;
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** At most 1000 keys; rejects if one of them could not be deleted. */
  deleteMany(keys: readonly string[], signal: AbortSignal): Promise<void>;
  createUpload(key: string, signal: AbortSignal): Promise<string>;
  /** Resolves to the part's tag. */
  putPart(upload: S3Upload, partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<string>;
  /** The parts' tags in order, the first of number 1. Creates the object unless there is one. */
  completeUpload(upload: S3Upload, tags: readonly string[], signal: AbortSignal): Promise<void>;
  abortUpload(upload: S3Upload, signal: AbortSignal): Promise<void>;
  /** Uploads that were begun and neither completed nor aborted. */
  listUploads(prefix: string, signal: AbortSignal): Promise<readonly S3Upload[]>;
}
