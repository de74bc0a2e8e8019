import { resourceLimits } from 'node:worker_threads';
import { defineJob } from 'millrace';

/** A job that does not get beyond its graph builder, and says what heap that one has. */
export default defineJob(import.meta.url, () => {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = resourceLimits;
  throw new Error(`heap ${maxOldGenerationSizeMb} + ${maxYoungGenerationSizeMb}`);
});
