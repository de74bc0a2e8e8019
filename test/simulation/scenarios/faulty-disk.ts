import type { FileSystem } from '../../../core/internal.js';
import { fileError } from '../../../storage/index.js';
import type { DiskOperationKind } from '../disk-fault-plan.js';

/** What goes wrong with one operation: it fails without its effect, or with it. */
export interface PlannedDiskFault {
  readonly errno: string;
  readonly when: 'before' | 'after';
}

/** Asked for each operation on a path. */
export type DiskPlan = (kind: DiskOperationKind, path: string) => PlannedDiskFault | undefined;

/** The first `count` operations of that kind on such paths go wrong. */
export function firstOperations(
  count: number,
  wanted: { readonly kind: DiskOperationKind; readonly path: RegExp },
  fault: PlannedDiskFault,
): DiskPlan {
  let left = count;
  return (kind, path) => (kind === wanted.kind && wanted.path.test(path) && left-- > 0 ? fault : undefined);
}

/** A disk on which chosen operations fail. */
export function faultyDisk(disk: FileSystem, plan: DiskPlan): FileSystem {
  const run = async <T>(kind: DiskOperationKind, path: string, operation: () => Promise<T>): Promise<T> => {
    const fault = plan(kind, path);
    if (fault?.when === 'before') throw failure(kind, path, fault);
    const outcome = await operation();
    if (fault !== undefined) throw failure(kind, path, fault);
    return outcome;
  };
  return {
    openRead: (path) => run('open', path, () => disk.openRead(path)),
    create: (path) =>
      run('create', path, async () => {
        const file = await disk.create(path);
        return {
          append: (bytes) => run('append to', path, () => file.append(bytes)),
          sync: () => run('sync', path, () => file.sync()),
          close: () => file.close(),
        };
      }),
    readFile: (path) => run('read', path, () => disk.readFile(path)),
    stat: (path) => run('look at', path, () => disk.stat(path)),
    list: (folder) => run('list', folder, () => disk.list(folder)),
    visitNames: (folder, visit) => run('list', folder, () => disk.visitNames(folder, visit)),
    link: (existing, path) => run('link', path, () => disk.link(existing, path)),
    remove: (path) => run('remove', path, () => disk.remove(path)),
    syncFolder: (folder) => run('sync', folder, () => disk.syncFolder(folder)),
    removeTree: (folder) => run('remove', folder, () => disk.removeTree(folder)),
  };
}

function failure(kind: DiskOperationKind, path: string, { errno }: PlannedDiskFault): Error {
  return fileError(kind, path, Object.assign(new Error(`${errno}, simulated`), { code: errno }));
}
