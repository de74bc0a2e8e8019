import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type FailureEnricher, MillraceError, TYPE_ENRICHER } from '../../core/internal.js';

/** Those that come with the engine. */
const BUILT_IN: Readonly<Record<string, FailureEnricher>> = { type: TYPE_ENRICHER };

/**
 * The failure enrichers that a configuration names: `type`, or files of modules whose default export is one.
 *
 * @throws MillraceError MR4002 for a module that cannot be imported, or is none
 */
export async function failureEnrichers(configured: string | undefined): Promise<readonly FailureEnricher[]> {
  const names = (configured ?? '').split(',').map((name) => name.trim());
  return Promise.all(
    names.filter((name) => name !== '').map(async (name) => guarded(name, await load(name))),
  );
}

async function load(name: string): Promise<FailureEnricher> {
  const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (builtIn !== undefined) return builtIn;
  let module: { readonly default?: unknown };
  try {
    const url = name.startsWith('file:') ? name : pathToFileURL(isAbsolute(name) ? name : resolve(name)).href;
    module = (await import(url)) as typeof module;
  } catch (cause) {
    throw refused(name, 'It could not be imported.', cause);
  }
  if (!isEnricher(module.default))
    throw refused(name, 'Its default export has no outputKeys and processFailure.');
  return module.default;
}

function isEnricher(value: unknown): value is FailureEnricher {
  if (typeof value !== 'object' || value === null) return false;
  const { outputKeys, processFailure } = value as Partial<FailureEnricher>;
  return Array.isArray(outputKeys) && typeof processFailure === 'function';
}

/** A failure in it must not become one of the job. */
function guarded(name: string, enricher: FailureEnricher): FailureEnricher {
  return {
    outputKeys: enricher.outputKeys.map(String),
    processFailure(cause, context) {
      try {
        return enricher.processFailure(cause, context);
      } catch (error) {
        process.stderr.write(`warning: the failure enricher ${name} threw: ${String(error)}\n`);
        return {};
      }
    },
  };
}

function refused(name: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('MR4002', `The failure enricher '${name}' cannot be used.`, {
    where: { at: 'jobmanager.failure-enrichers' },
    why,
    hint: 'Name `type`, or the file of a module whose default export is a FailureEnricher.',
    ...(cause === undefined ? {} : { cause }),
  });
}
