import {
  fromWireError,
  type JobGraph,
  MillraceError,
  type StateSurvey,
  type StoredStates,
  toWireError,
  type WireError,
} from '../../core/internal.js';
import type { V8HeapLimits } from '../../memory/index.js';
import type { JobModule } from './job-module.js';
import { outOfMemory } from './threads/out-of-memory.js';
import { ownHeap } from './threads/own-port.js';
import { graphBuilderThreads } from './threads/spare-threads.js';

/** What the graph builder's thread is asked. */
export interface GraphRequest {
  readonly module: JobModule;
  /** By uid: what a checkpoint has, with which the operators' states are to be compared. */
  readonly stored: Readonly<Record<string, StoredStates>> | undefined;
}

/** What the graph builder's thread answers. */
export type GraphBuilderAnswer =
  | {
      readonly type: 'built';
      readonly graph: JobGraph;
      readonly moduleHash: string;
      readonly unusedParams: readonly string[];
      readonly survey: StateSurvey | undefined;
    }
  | { readonly type: 'failed'; readonly error: WireError };

export interface BuiltGraph {
  readonly graph: JobGraph;
  readonly moduleHash: string;
  readonly unusedParams: readonly string[];
  /** Where there was something to compare with. */
  readonly survey: StateSurvey | undefined;
}

/**
 * Builds a job's graph on a thread of its own, which ends with it: the caller's module cache never holds a
 * job, so a corrected file is read anew.
 *
 * `heap`: of that thread; that of the caller's own where nothing else is said. `stored`: has the operators opened
 * there, and asked for their states.
 *
 * Rejects with what building threw.
 */
export function buildGraph(
  module: JobModule,
  heap: V8HeapLimits = ownHeap(),
  stored?: GraphRequest['stored'],
): Promise<BuiltGraph> {
  return new Promise((resolve, reject) => {
    const thread = graphBuilderThreads.take(heap);
    let answered = false;
    thread.once('message', (answer: GraphBuilderAnswer) => {
      answered = true;
      if (answer.type === 'built') resolve(answer);
      else reject(fromWireError(answer.error));
      thread.terminate().catch(reject);
    });
    thread.once('error', (error) => reject(outOfMemory(error) ?? fromWireError(toWireError(error))));
    thread.once('exit', (code) => {
      if (answered) return;
      reject(
        new MillraceError('MR1009', `The thread that built the graph exited with code ${code}.`, {
          where: { at: module.url },
          hint: 'Is there a call of process.exit in the job file, or in what it imports?',
        }),
      );
    });
    thread.postMessage({ module, stored } satisfies GraphRequest);
  });
}
