import fc from 'fast-check';

/** Values that a property would be tried with, for who runs something of its own kind and prints the seed itself. */
export function drawn<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}

/**
 * The one way to run a property: draws a fresh seed unless `MILLRACE_SEED` replays one, and prints it
 * first and last so that every failure can be replayed.
 */
export async function check<T>(
  name: string,
  property: fc.IRawProperty<T>,
  options: { readonly runs?: number } = {},
): Promise<void> {
  const seed = Number(process.env.MILLRACE_SEED ?? (Date.now() ^ (process.pid << 12)) | 0);
  console.log(`# ${name}: seed ${seed}`);
  const result = await fc.check(property, { seed, numRuns: options.runs ?? 100, verbose: 1 });
  console.log(`# ${name}: seed ${seed}, ${result.numRuns} runs, ${result.failed ? 'FAILED' : 'ok'}`);
  if (!result.failed) return;
  const { errorInstance: cause } = result;
  throw new Error(`${name}: seed ${seed}\n${String(cause)}\n${fc.defaultReportMessage(result) ?? ''}`, {
    cause,
  });
}

/**
 * The smallest value on fast-check's way down from `failing` for which `fails` still holds. `arbitrary` must be one
 * that can shrink what it has not drawn itself; whoever asks bounds the search, by saying false.
 */
export async function shrunk<T>(
  arbitrary: fc.Arbitrary<T>,
  failing: T,
  fails: (value: T) => Promise<boolean>,
): Promise<T> {
  const property = fc.asyncProperty(arbitrary, async (value) => !(await fails(value)));
  const { counterexample } = await fc.check(property, { seed: 1, numRuns: 1, examples: [[failing]] });
  const [smallest = failing] = counterexample ?? [];
  return smallest;
}
