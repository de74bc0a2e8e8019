import type { Prng } from '../../core/base/prng.js';
import type { CheckpointManifest } from '../../core/checkpoint/snapshot-handle.js';
import type { JobEffect, JobEvent } from '../../core/job/job-protocol.js';
import { toWireError } from '../../core/protocol/wire-error.js';
import { ModelFault } from './model-rules.js';

/** A storage that is a list: it does what it was asked for when it comes to it, fails, or says that it has. */
export class ModelStorage {
  /** Of completed checkpoints. */
  readonly log: CheckpointManifest[] = [];
  readonly files = new Set<string>();
  /** The job is recorded as finished. */
  resultStored = false;
  readonly #draw: Prng;
  readonly #takeFault: (probability: number) => boolean;
  readonly #calls: (() => JobEvent)[] = [];

  constructor(draw: Prng, takeFault: (probability: number) => boolean) {
    this.#draw = draw;
    this.#takeFault = takeFault;
  }

  get isAsked(): boolean {
    return this.#calls.length > 0;
  }

  call(effect: JobEffect): void {
    this.#calls.push(this.#callOf(effect));
  }

  /** Does what it was asked for first. */
  answer(): readonly JobEvent[] {
    return this.#calls.splice(0, 1).map((call) => call());
  }

  /** Of what it was asked for some comes about, and nobody hears of it. */
  onNewProcess(): void {
    for (const call of this.#calls.splice(0)) if (this.#draw.chance(0.5)) call();
  }

  #callOf(effect: JobEffect): () => JobEvent {
    const error = toWireError(new Error('the storage did not answer'));
    switch (effect.type) {
      case 'store-checkpoint':
        return () => {
          const { checkpointId } = effect.manifest;
          const fails = this.#takeFault(0.1);
          if (!fails || this.#draw.chance(0.5)) this.log.push(effect.manifest);
          return fails
            ? { type: 'checkpoint-store-failed', checkpointId, error }
            : { type: 'checkpoint-stored', checkpointId };
        };
      case 'resolve-checkpoint':
        return () => {
          const { checkpointId } = effect;
          if (this.#takeFault(0.3)) return { type: 'checkpoint-outcome-failed', checkpointId, error };
          const completed = this.log.some((manifest) => manifest.checkpointId === checkpointId);
          return { type: 'checkpoint-outcome', checkpointId, completed };
        };
      case 'discard-files':
        return () => {
          for (const { key } of effect.files) this.files.delete(key);
          return { type: 'files-discarded', error: undefined };
        };
      case 'retain-checkpoints':
        return () => ({ type: 'checkpoints-retained', error: this.#takeFault(0.1) ? error : undefined });
      case 'store-result':
        return () => {
          if (this.#takeFault(0.1)) return { type: 'result-store-failed', error };
          this.resultStored ||= effect.result.state === 'FINISHED';
          return { type: 'result-stored' };
        };
      default:
        throw new ModelFault(`no storage call: ${effect.type}`);
    }
  }
}
