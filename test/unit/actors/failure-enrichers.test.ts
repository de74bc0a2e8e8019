import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { failureEnrichers } from '../../../actors/boot/failure-enrichers.js';
import { MillraceError } from '../../../core/internal.js';

const CONTEXT = { jobId: 'j', jobName: 'job', failureType: 'TASK', taskName: 'map (1/1)' } as const;

t.test('enrichers are named or are modules; what one throws costs its labels only', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-enrichers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'team.mjs');
  writeFileSync(
    file,
    `export default {
      outputKeys: ['team'],
      processFailure(cause, { taskName }) {
        if (cause.code === 'MR5003') throw new Error('no team for threads');
        return { team: taskName };
      },
    };`,
  );
  const [type, team] = await failureEnrichers(` type , ${file} `);
  const thrown = new MillraceError('MR5001', 'It threw.');
  t.same(type?.processFailure(thrown, CONTEXT), { type: 'USER', code: 'MR5001' });
  t.same(team?.processFailure(thrown, CONTEXT), { team: 'map (1/1)' });
  t.same(team?.processFailure(new MillraceError('MR5003', 'It went.'), CONTEXT), {});
  t.same(await failureEnrichers(undefined), []);
});

t.test('what is no enricher is refused, with the option that names it', async (t) => {
  const where = { at: 'jobmanager.failure-enrichers' };
  await t.rejects(failureEnrichers('/nowhere/at-all.mjs'), { code: 'MR4002', where });
  await t.rejects(failureEnrichers('data.txt,type'), { code: 'MR4002', where });
});
