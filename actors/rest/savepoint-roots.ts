import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../core/internal.js';

const S3 = /^s3a?:\/\//i;
/** Longer than a path or a key may be anyway. */
const PLACE_MAX = 4096;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * The places below which requests may write savepoints and remove them: who can reach the server is not thereby
 * one who may write anywhere on this machine.
 */
export class SavepointRoots {
  readonly #roots: readonly string[];

  /** @param roots folders, relative to the process, or s3:// addresses */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /**
   * The place that a request names, links resolved. A relative path begins where the process does, as those of the
   * configuration do, or in the root.
   *
   * @throws MillraceError MR7003 for a place that does not lie in one of the roots
   */
  async confined(written: string): Promise<string> {
    if (written.length > PLACE_MAX) throw this.#outside();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f\\]/.test(written) || /(?:^|\/)\.\.(?:\/|$)/.test(written))
      throw this.#outside();
    if (S3.test(written)) return this.#confinedAddress(written);
    const path = this.#pathOf(written);
    for (const root of this.#roots) {
      if (S3.test(root)) continue;
      const realRoot = await realPlace(resolve(root));
      for (const place of [resolve(path), ...(isAbsolute(path) ? [] : [join(realRoot, path)])]) {
        const real = await realPlace(place).catch(noPlace);
        if (real !== undefined && isWithin(real, realRoot)) return real;
      }
    }
    throw this.#outside();
  }

  #pathOf(written: string): string {
    if (!SCHEME.test(written)) return written;
    // Flink writes file:/path as well as file:///path.
    if (!/^file:\/(?:\/\/)?[^/]/i.test(written) || written.includes('%')) throw this.#outside();
    return fileURLToPath(new URL(written));
  }

  /** Keys are no paths: whatever a server could take for one is refused. */
  #confinedAddress(written: string): string {
    const address = written.replace(/\/+$/, '');
    const tame = !/[?#%]|\/\/|\/\.(?:\/|$)/.test(address.replace(S3, ''));
    const within = this.#roots.some((root) => {
      const start = root.replace(/\/+$/, '');
      return S3.test(root) && (address === start || address.startsWith(`${start}/`));
    });
    if (tame && within) return address;
    throw this.#outside();
  }

  #outside(): MillraceError {
    const places = this.#roots.map((root) => `'${root}'`).join(' or ');
    return new MillraceError(
      'MR7003',
      `Requests may name places ${places === '' ? 'nowhere' : `in ${places}`} only.`,
      {
        hint: 'Set execution.checkpointing.savepoint-dir to a folder above those that clients name.',
      },
    );
  }
}

/** With all links resolved; of what does not exist yet, those of the folders above it that do. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    return join(await realPlace(above), relative(above, path));
  }
}

/** Undefined for what cannot be a folder: below a file, in a circle of links, with too long a name. */
function noPlace(error: NodeJS.ErrnoException): undefined {
  if (!['ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(error.code ?? '')) throw error;
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}
