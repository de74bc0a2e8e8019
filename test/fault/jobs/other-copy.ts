// The modules of the build as they are before they are merged: another copy of the library.
import { CollectSink, defineJob } from '../../../actors/index.js';

export default defineJob(import.meta.url, (env) => {
  env.fromCollection([1]).sinkTo(new CollectSink(), 'collected');
});
