import { Alignment, BarrierAligner } from '../../../core/checkpoint/barrier-aligner.js';
import { isMillraceError } from '../../../core/internal.js';

/** The one that is forgotten, of tasks that have it. */
const CHANNEL = 1;

/** From now on aligners do not wait for the barrier of one channel. Gives what undoes that. */
export function forgetChannel(): () => void {
  const { prototype } = BarrierAligner;
  const sound = prototype.onBarrier;
  prototype.onBarrier = function (this: BarrierAligner, channel, checkpointId, isSavepoint): Alignment {
    const alignment = sound.call(this, channel, checkpointId, isSavepoint);
    if (alignment !== Alignment.NONE || !this.isPending || channel === CHANNEL) return alignment;
    try {
      return sound.call(this, CHANNEL, checkpointId, isSavepoint);
    } catch (error) {
      // There is no such channel, or it has delivered or ended.
      if (isMillraceError(error)) return alignment;
      throw error;
    }
  };
  return () => {
    prototype.onBarrier = sound;
  };
}
