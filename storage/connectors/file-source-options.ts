import type { MalformedInputOptions } from '../../core/internal.js';

export interface FileSourceOptions extends MalformedInputOptions {
  /** Whether folders are read with all folders below them. Default false. */
  readonly recursive?: boolean;
}

export interface LineSourceOptions extends FileSourceOptions {
  /** A longer line is malformed, so that a file without line ends cannot fill the memory. Default 64 MiB. */
  readonly maxLineBytes?: number;
}

export const FILE_SOURCE_OPTIONS: readonly string[] = ['onError', 'malformed', 'recursive'];
export const LINE_SOURCE_OPTIONS: readonly string[] = [...FILE_SOURCE_OPTIONS, 'maxLineBytes'];
export const DEFAULT_MAX_LINE_BYTES: number = 64 * 1024 * 1024;
