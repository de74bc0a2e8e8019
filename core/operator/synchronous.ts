import { MillraceError } from '../base/millrace-error.js';

const HINT = 'User functions are synchronous: do the waiting in a source, in a sink, or before the job.';

/**
 * Refuses functions that are declared `async` or as generators, when the job is built.
 *
 * @throws MillraceError MR1001 if it is no function, MR5002 if it cannot be synchronous
 */
export function checkSynchronous(fn: unknown, what: string): void {
  if (typeof fn !== 'function') {
    throw new MillraceError('MR1001', `${what} must be a function, and is ${describe(fn)}.`);
  }
  const kind = Object.prototype.toString.call(fn);
  if (kind === '[object AsyncFunction]' || kind === '[object AsyncGeneratorFunction]') {
    throw new MillraceError('MR5002', `${what} is an async function.`, { hint: HINT });
  }
  if (kind === '[object GeneratorFunction]') {
    throw new MillraceError('MR1001', `${what} is a generator function, which would never run.`, {
      hint: 'Hand results to the collector: (value, out) => out.collect(...).',
    });
  }
}

/**
 * {@link checkSynchronous} for the methods of a function object; `required` ones must be there.
 *
 * @throws MillraceError MR1001, MR5002
 */
export function checkFunctionObject(
  functions: unknown,
  what: string,
  required: readonly string[],
  optional: readonly string[] = [],
): void {
  if (typeof functions !== 'object' || functions === null) {
    throw new MillraceError(
      'MR1001',
      `${what} must be an object with ${required.join(', ')}, and is ${describe(functions)}.`,
    );
  }
  const methods = functions as Readonly<Record<string, unknown>>;
  for (const name of required) checkSynchronous(methods[name], `${name} of ${what}`);
  for (const name of optional) {
    if (methods[name] !== undefined) checkSynchronous(methods[name], `${name} of ${what}`);
  }
}

/**
 * For functions without a result; all of them return undefined, so that looking closer costs nothing. The promise that
 * is refused is taken, so that a rejection of it does not come on top.
 *
 * @throws MillraceError MR5002 if it is a promise
 */
export function expectNoPromise(returned: unknown, what: string): void {
  if (typeof returned !== 'object' || returned === null) return;
  if (typeof (returned as Partial<PromiseLike<unknown>>).then !== 'function') return;
  Promise.resolve(returned).catch(refusedAlready);
  throw new MillraceError('MR5002', `${what} returned a promise.`, { hint: HINT });
}

function refusedAlready(): void {}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `an object of class ${value.constructor?.name}` : typeof value;
}
