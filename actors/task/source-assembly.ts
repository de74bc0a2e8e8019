import type { OperatorChain, SourceStreamOperator } from '../../core/internal.js';
import { EnumeratorHost, SourceInput } from './source-input.js';
import type { TaskEnvironment } from './task-environment.js';

/** What a source tells its task. */
export interface SourceListener {
  onInputEnded(inputIndex: number): void;
  /** Something asynchronous of the task has failed. */
  onFailure(error: unknown): void;
}

/** The input of a task whose head is a source, as it was when it was restored. */
export function assembleSourceInput(
  environment: TaskEnvironment,
  source: SourceStreamOperator,
  listener: SourceListener,
): SourceInput {
  const { restore, completions } = environment;
  const input = new SourceInput(
    source,
    completions,
    (early) => {
      if (early) environment.report({ type: 'reader-ended' });
      listener.onInputEnded(0);
    },
    (error) => listener.onFailure(error),
  );
  if (restore?.drained === true) input.drain();
  if (restore?.finishedSubtasks.includes(0) === true) input.notifyNoMoreSplits();
  return input;
}

/** The split enumerator beside subtask 0, not started. */
export function assembleEnumerator(environment: TaskEnvironment, chain: OperatorChain): EnumeratorHost {
  const coordinator = chain.createCoordinator({
    assignSplits: (subtask, splits) => environment.report({ type: 'splits-assigned', subtask, splits }),
    signalNoMoreSplits: (subtask) => {
      host.noteReaderDone(subtask);
      environment.report({ type: 'no-more-splits', subtask });
    },
    reportBacklog: (isProcessingBacklog) =>
      environment.report({ type: 'backlog-reported', isProcessingBacklog }),
  });
  const { parallelism } = environment.vertex.vertex;
  const host = new EnumeratorHost(coordinator, parallelism, environment.restore?.finishedSubtasks ?? []);
  return host;
}
