import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import t from 'tap';
import { MillraceProcess } from '../fault/millrace-process.js';
import { TestBrowser } from './browser.js';

/** The dashboard of a real `millrace run`, in a real browser: its job is slow, fails once, and is canceled there. */
const JOB = fileURLToPath(new URL('./jobs/troubled.js', import.meta.url));
const OPTIONS = {
  'web.refresh-interval': '500 ms',
  'execution.checkpointing.interval': '1 s',
  'execution.checkpointing.timeout': '3 s',
  'execution.checkpointing.tolerable-failed-checkpoints': '1000',
  'restart-strategy.type': 'fixed-delay',
};

async function shown(locator: Locator): Promise<Locator> {
  await locator.first().waitFor({ timeout: 90_000 });
  return locator.first();
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-dashboard-'));
const browser = await TestBrowser.launch();
t.teardown(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

t.test('a running job is watched, its failure is seen, and it is canceled', async (t) => {
  const definitions = Object.entries(OPTIONS).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  // 0: any free port.
  const run = new MillraceProcess(folder, [
    ...definitions,
    '-D',
    'rest.port=0',
    '-p',
    '2',
    JOB,
    '--failAt',
    '3000',
  ]);
  t.teardown(() => run.kill());
  const [[, url = ''] = []] = await run.said(/^REST interface: (\S+)$/);
  const { page, complaints } = await browser.visit(`${url}/`);
  await page.getByRole('link', { name: 'troubled' }).first().click();

  await shown(page.getByRole('link', { name: /^slow ×2 busy/ }));
  await shown(page.getByRole('heading', { name: /Slowest: slow/ }));
  await shown(page.getByRole('heading', { name: /No watermark at Source: rules/ }));
  await shown(
    page.getByText(/Failed after .*expired before it was complete\..*Not heard from: .*slow \(2 subtasks\)/),
  );

  await page.getByRole('link', { name: 'Why is nothing coming out?' }).click();
  await shown(page.getByText(/Furthest behind: Source: rules|Event time waits for Source: rules/));
  await shown(page.getByText(/Holds back: sums, Sink: sums/));

  await page.getByRole('link', { name: /^Exceptions/ }).click();
  await shown(page.getByText(/The troubled job was told to fail\./));

  await page.getByRole('link', { name: 'Configuration' }).last().click();
  const option = await shown(page.getByRole('row', { name: /execution\.checkpointing\.interval/ }));
  t.match(await option.textContent(), /1 sflag/);

  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel the job' }).click();
  await shown(page.getByText(/The job is told to end\./));
  await shown(page.getByRole('alert').getByText(/connection to the server is lost/));
  const { stderr } = await run.ended;
  t.match(stderr, /cancel/i);
  t.strictSame(complaints, []);
});
