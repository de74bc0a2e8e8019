import t from 'tap';
import { compileWithDeclarations } from './snippet-compiler.js';

t.setTimeout(120_000);

const PROGRAM = `
import { defineJob, FileSink, LocalCluster, types } from 'millrace';
import { PipelineHarness } from 'millrace/testing';

const word = types.object({ word: types.string });
const words = defineJob(import.meta.url, (env) => {
  env.fromData([{ word: 'a' }], word).sinkTo(FileSink.jsonLines('out', { type: word }));
});
const cluster = await LocalCluster.start({ parallelism: 1 });
const job = await cluster.submit(words);
await job.result();
await cluster.close();
export { PipelineHarness };
`;

t.test('what users get to compile against compiles itself, without the types of a browser', async (t) => {
  t.equal(compileWithDeclarations({ file: 'words.ts', text: PROGRAM }), '');
});
