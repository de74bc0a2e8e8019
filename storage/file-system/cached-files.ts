import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type CachedFileContent, type CachedFileEntry, MillraceError } from '../../core/internal.js';
import { LocalFileSystem } from './local-file-system.js';
import { localPath } from './local-path.js';

/**
 * Reads the files that a job registered, one after another.
 *
 * Rejects with MR1010 if one is not there, is a folder, or was registered as executable and cannot be run.
 */
export async function readCachedFiles(entries: readonly CachedFileEntry[]): Promise<CachedFileContent[]> {
  const contents: CachedFileContent[] = [];
  for (const entry of entries) contents.push(await readCachedFile(entry));
  return contents;
}

async function readCachedFile({
  name,
  path: place,
  isExecutable,
}: CachedFileEntry): Promise<CachedFileContent> {
  const path = localPath(place);
  if (path === undefined) throw unusable(name, place, 'it does not lie on this machine');
  const disk = new LocalFileSystem();
  const status = await disk.stat(path);
  if (status === undefined) throw unusable(name, path, 'there is no such file');
  if (status.isFolder) throw unusable(name, path, 'it is a folder');
  if (isExecutable && !(await mayBeRun(path))) throw unusable(name, path, 'it may not be executed');
  const bytes = await disk.readFile(path);
  if (bytes === undefined) throw unusable(name, path, 'there is no such file');
  return { name, path, isExecutable, bytes };
}

async function mayBeRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function unusable(name: string, path: string, why: string): MillraceError {
  return new MillraceError('MR1010', `The cached file '${name}' cannot be used.`, {
    where: { at: path },
    why,
    hint: 'Name a file by env.registerCachedFile(path, name); relative paths begin where the process was started.',
  });
}
