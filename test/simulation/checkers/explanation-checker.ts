import { type JobExplanation, Watermark } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** What a job says of its event time must hang together. */
export class ExplanationChecker implements WorldListener {
  readonly #verdict: WorldVerdict;

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onJobExplained(explanation: JobExplanation): void {
    checkExplanation(explanation, this.#verdict);
  }
}

function checkExplanation(explanation: JobExplanation, verdict: WorldVerdict): void {
  const { operators, silent, text } = explanation;
  const lines = text.trimEnd().split('\n').length;
  verdict.check(
    lines === 1 + operators.length + silent.length,
    () => `${lines} lines tell of ${operators.length} operators, and ${silent.length} silent tasks.`,
  );
  for (const { name, subtask, parallelism, watermark, idle, heldBackBy } of operators) {
    const who = `${name} (${subtask + 1}/${parallelism})`;
    const goesOn = !idle && watermark < Watermark.MAX;
    // A source that has just come to its end holds nothing back, and has not said so yet.
    verdict.check(
      goesOn || heldBackBy.length === 0,
      () => `${who} is at ${watermark}, idle: ${idle}, and ${heldBackBy.length} hold it back: ${text}`,
    );
    for (const holder of heldBackBy)
      verdict.check(
        holder.kind !== 'channel' || (holder.vertexId >= 0 && holder.subtask < holder.parallelism),
        () => `${who} is held back by nobody: ${text}`,
      );
    verdict.check(subtask < parallelism, () => `There is no ${who}.`);
  }
}
