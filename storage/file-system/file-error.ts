import { type ErrorCode, type ErrorDetails, isMillraceError, MillraceError } from '../../core/internal.js';

/** What the disk was asked to do when it failed. */
export type FileOperation =
  | 'open'
  | 'create'
  | 'read'
  | 'append to'
  | 'sync'
  | 'close'
  | 'look at'
  | 'list'
  | 'link'
  | 'remove';

/**
 * The coded error for a failed operation on a file: names the path, the errno and what to do.
 * A MillraceError is passed through as it is.
 */
export function fileError(operation: FileOperation, path: string, cause: unknown): MillraceError {
  if (isMillraceError(cause)) return cause;
  const errno = errnoOf(cause);
  const details: ErrorDetails = { where: { at: path }, why: whyOf(errno, cause), cause };
  const row = ERRNOS[errno];
  const code = row?.code ?? 'MR3001';
  const hint =
    operation === 'link' && NO_HARD_LINKS.has(errno)
      ? 'choose a folder on a file system with hard links (ext4, xfs, btrfs, APFS, NTFS), and one you may write'
      : (row?.hint ?? 'see whether the disk or the network file system works, then start again');
  return new MillraceError(code, `Could not ${operation} ${path} (${errno})`, { ...details, hint });
}

/** The errno of what Node threw, `UNKNOWN` if it has none. */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'UNKNOWN';
  return typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

interface ErrnoRow {
  readonly code: ErrorCode;
  readonly hint: string;
}

const FULL: ErrnoRow = {
  code: 'MR3003',
  hint: 'free space on that disk (or raise the quota), then start again with --resume',
};
const NOT_PERMITTED: ErrnoRow = {
  code: 'MR3002',
  hint:
    'make the folder writable for this user, or choose another one (for checkpoints execution.checkpointing.dir, ' +
    'for savepoints execution.checkpointing.savepoint-dir)',
};

const ERRNOS: Readonly<Record<string, ErrnoRow>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: NOT_PERMITTED,
  EROFS: NOT_PERMITTED,
  EPERM: NOT_PERMITTED,
  ENOENT: { code: 'MR3008', hint: 'see whether something else removed the file or moved the folder' },
  ENOTDIR: { code: 'MR3001', hint: 'a part of the path is a file; choose another folder' },
  EMFILE: { code: 'MR3001', hint: 'raise the limit of open files (ulimit -n), or lower the parallelism' },
  ENFILE: { code: 'MR3001', hint: 'the machine has no more file handles: raise fs.file-max' },
  ENAMETOOLONG: { code: 'MR3001', hint: 'choose a shorter folder, job name or operator uid' },
  EEXIST: {
    code: 'MR3001',
    hint: 'something of that name is there; choose another folder, or see who writes to this one',
  },
};

const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

function whyOf(errno: string, cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text === '' ? errno : text;
}
