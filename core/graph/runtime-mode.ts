import { MillraceError } from '../base/millrace-error.js';
import type { StreamNode } from './stream-graph.js';

/**
 * How a job is run. `STREAMING`: results come as records do. `BATCH`, of bounded sources: the records of each
 * key are brought together first, and only final results come. `AUTOMATIC`: BATCH if every source is bounded.
 */
export type RuntimeExecutionMode = 'STREAMING' | 'BATCH' | 'AUTOMATIC';

/** What AUTOMATIC becomes once the sources are known. */
export type RuntimeMode = Exclude<RuntimeExecutionMode, 'AUTOMATIC'>;

const MODES: readonly RuntimeExecutionMode[] = ['STREAMING', 'BATCH', 'AUTOMATIC'];

/** @throws MillraceError MR1001 if it is no mode; letter case does not matter */
export function parseRuntimeMode(value: unknown): RuntimeExecutionMode {
  const mode = MODES.find((known) => known === String(value).toUpperCase());
  if (mode !== undefined) return mode;
  throw new MillraceError('MR1001', `The runtime mode is ${JSON.stringify(value)}.`, {
    where: { at: 'execution.runtime-mode' },
    hint: `Give one of ${MODES.join(', ')}.`,
  });
}

/** @throws MillraceError MR1001 if a source of a batch never ends, or an operator of batches is to stream */
export function settleRuntimeMode(nodes: readonly StreamNode[], asked: RuntimeExecutionMode): RuntimeMode {
  if (asked === 'STREAMING') return streaming(nodes);
  const unbounded = nodes.find(({ spec: { operator } }) => operator.kind === 'source' && !operator.bounded);
  if (unbounded === undefined) return 'BATCH';
  if (asked === 'AUTOMATIC') return streaming(nodes);
  throw new MillraceError('MR1001', `The job is to run as a batch, and '${unbounded.name}' never ends.`, {
    where: { operator: unbounded.name, at: 'execution.runtime-mode' },
    hint: 'Use bounded sources, or the runtime mode STREAMING or AUTOMATIC.',
  });
}

function streaming(nodes: readonly StreamNode[]): RuntimeMode {
  const waiting = nodes.find(({ spec }) => spec.isBatchOnly === true);
  if (waiting === undefined) return 'STREAMING';
  throw new MillraceError(
    'MR1001',
    `The job is to stream, and '${waiting.name}' waits for the end of its input.`,
    {
      where: { operator: waiting.name, at: 'execution.runtime-mode' },
      why: 'What it holds until then is in no checkpoint.',
      hint: "Let bounded input run as a batch: env.setRuntimeMode('BATCH').",
    },
  );
}
