import type { MillraceError } from '../base/millrace-error.js';
import { fromWireError, type WireError } from '../protocol/wire-error.js';

/**
 * Gives labels to failures, by which they can be told apart in the exception history: whose they are, what they cost,
 * where they are handled. It runs in the control plane, on the thread of the job's master, and must be quick.
 *
 * A module whose default export is one is named by `jobmanager.failure-enrichers`.
 */
export interface FailureEnricher {
  /** The labels that it gives; what stands under another name is left out. */
  readonly outputKeys: readonly string[];
  /** Called once for each failure. What it throws is told on stderr, and costs its labels. */
  processFailure(cause: MillraceError, context: FailureContext): Readonly<Record<string, string>>;
}

/** Where a failure came from. */
export interface FailureContext {
  readonly jobId: string;
  readonly jobName: string;
  /** GLOBAL: no single task has failed, but the job as a whole: a checkpoint too many, say. */
  readonly failureType: 'TASK' | 'GLOBAL';
  /** `window (3/4)`; undefined for a GLOBAL one. */
  readonly taskName: string | undefined;
}

const USERS: readonly string[] = ['MR5001', 'MR5002'];

/** `type`: whether the job's own code or data failed (USER) or what it runs on (SYSTEM); `code`: the error's code. */
export const TYPE_ENRICHER: FailureEnricher = {
  outputKeys: ['type', 'code'],
  processFailure({ code }) {
    const isUsers = USERS.includes(code) || /^MR[126]/.test(code);
    return { type: isUsers ? 'USER' : 'SYSTEM', code };
  },
};

/** What all of them say of it; where two give a label, the first one's counts. */
export function labelsOf(
  error: WireError,
  enrichers: readonly FailureEnricher[],
  context: FailureContext,
): Readonly<Record<string, string>> {
  if (enrichers.length === 0) return {};
  const cause = fromWireError(error);
  const labels: Record<string, string> = {};
  for (const enricher of enrichers) {
    const given = enricher.processFailure(cause, context);
    for (const key of enricher.outputKeys)
      if (!Object.hasOwn(labels, key) && Object.hasOwn(given, key)) labels[key] = String(given[key]);
  }
  return labels;
}
