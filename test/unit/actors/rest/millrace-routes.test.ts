import t from 'tap';
import { ask, openRestWorld } from './rest-world.js';
import { JOB_ID } from './sample-cluster.js';

t.test(
  'beside Flink: why nothing comes out, and options with their origins as people write them',
  async (t) => {
    const { server } = await openRestWorld();
    t.teardown(() => server.close());
    const explained = await ask(server, `/jobs/${JOB_ID}/millrace/explain`);
    t.equal(explained.status, 200);
    t.match(JSON.parse(explained.text), { operators: [], silent: [] });
    const { options } = JSON.parse((await ask(server, `/v1/jobs/${JOB_ID}/millrace/configuration`)).text);
    t.strictSame(options, [{ key: 'execution.checkpointing.interval', value: '10 s', origin: 'flag' }]);
    for (const what of ['explain', 'configuration']) {
      t.equal((await ask(server, `/jobs/${'f'.repeat(32)}/millrace/${what}`)).status, 404);
    }
  },
);
