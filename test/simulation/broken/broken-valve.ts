import { WatermarkValve } from '../../../core/watermark/watermark-valve.js';

/** From now on a channel that falls idle holds the others back as before. Gives what undoes that. */
export function heedNoIdleness(): () => void {
  const { prototype } = WatermarkValve;
  const sound = prototype.inputIdle;
  prototype.inputIdle = () => {};
  return () => {
    prototype.inputIdle = sound;
  };
}
