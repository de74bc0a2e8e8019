import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { TestBrowser, type Visit } from './browser.js';
import { JOB_ID, JOB_NAME } from './recorded-cluster.js';
import { RecordedServer } from './recorded-server.js';

/** Each page of the dashboard is opened, clicked and read in a real browser, on a recorded cluster. */
const JOB = `#/jobs/${JOB_ID}`;
const NARROW = 390;
const browser = await TestBrowser.launch();
t.teardown(() => browser.close());

type Use = (visit: Visit, server: RecordedServer) => Promise<void>;

async function using(hash: string, use: Use, width?: number, token?: string): Promise<void> {
  const server = new RecordedServer();
  server.token = token;
  const origin = await server.listen();
  try {
    const visit = await browser.visit(`${origin}/${hash}`, width);
    await use(visit, server);
    await browser.leave(visit);
  } finally {
    await server.close();
  }
}

/** Waits until it is shown. */
async function shown(locator: Locator): Promise<Locator> {
  await locator.first().waitFor();
  return locator.first();
}

const heading = (page: Page, name: string | RegExp): Locator => page.getByRole('heading', { name });

const PAGES: readonly (readonly [hash: string, shows: string])[] = [
  ['#/', 'Slots and memory'],
  ['#/jobs', 'Ended'],
  [`${JOB}/graph`, 'Operators'],
  [`${JOB}/vertices/${'c'.repeat(32)}`, 'mean-delay'],
  [`${JOB}/event-time`, 'Event time at each operator'],
  [`${JOB}/checkpoints`, 'Checkpoint 42'],
  [`${JOB}/exceptions`, 'Exceptions'],
  [`${JOB}/metrics`, 'Any metric'],
  [`${JOB}/configuration`, 'Options'],
  ['#/task-managers', 'Memory plan'],
  ['#/configuration', 'Configuration'],
  ['#/logs', 'Logs'],
  ['#/nonsense', 'There is no such page'],
];

for (const [hash, shows] of PAGES) {
  t.test(`the page ${hash} draws itself, asks nobody else, and fits a small screen`, async (t) => {
    await using(
      hash,
      async ({ page, complaints }) => {
        await shown(heading(page, shows));
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        t.ok(wide <= NARROW, `${wide} pixels wide`);
        t.strictSame(complaints, []);
      },
      NARROW,
    );
  });
}

t.test('a name that would be a script is text', async (t) => {
  await using(`${JOB}/graph`, async ({ page, complaints }) => {
    page.on('dialog', () => t.fail('a script of the job has run'));
    await shown(heading(page, JOB_NAME));
    await page.getByRole('link', { name: 'Overview' }).click();
    await shown(page.getByRole('link', { name: JOB_NAME }));
    t.equal(await page.evaluate<number>("document.querySelectorAll('main script').length"), 0);
    t.strictSame(complaints, []);
  });
});

t.test('the slow operator is found: it is named, and its subtasks are one click away', async (t) => {
  await using('#/', async ({ page }) => {
    await page.getByRole('link', { name: JOB_NAME }).click();
    await shown(heading(page, /Slowest: mean-delay/));
    await shown(page.getByText(/It is busy 9\d % of its time\. Source: flights -> parse waits for it 8\d %/));
    const node = await shown(page.getByRole('link', { name: /mean-delay ×4 busy/ }));
    t.match(await node.textContent(), /busy 9\d %.*in 4\d(?:\.\d)? k\/s/);
    await shown(page.getByRole('link', { name: /flights -> parse ×2 back-pressured/ }));
    await page.getByRole('link', { name: 'Its subtasks' }).click();
    await shown(page.getByText(/Skew: subtask 2 has taken 85 %/));
    t.equal(await page.getByRole('table').getByRole('row').count(), 5);
  });
});

t.test(
  'where an operator spends its time is sampled when it is asked for, and can be looked into',
  async (t) => {
    await using(`${JOB}/vertices/${'c'.repeat(32)}`, async ({ page, complaints }) => {
      await page.getByRole('button', { name: 'Sample its threads' }).click();
      const hot = await shown(page.getByRole('list', { name: 'Functions that took most time themselves' }));
      t.match(await hot.textContent(), /distance <b>\(geo\.js:7\)<\/b> 75/, 'and a name is text');
      await page.getByRole('button', { name: /^processElement \(flights\.js:21\), 85/ }).click();
      await shown(page.getByRole('button', { name: /^processElement \(flights\.js:21\), 100/ }));
      t.equal(await page.getByRole('button', { name: /^\(idle\)/ }).count(), 0);
      await page.getByRole('button', { name: 'Off the CPU' }).click();
      await shown(page.getByRole('button', { name: /^\(idle\), 100/ }));
      t.strictSame(complaints, []);
    });
  },
);

t.test('what the threads of a task manager do is shown when it is asked for', async () => {
  await using('#/task-managers', async ({ page }) => {
    await page.getByRole('button', { name: 'Show what they do' }).click();
    await shown(page.getByText(/"mean-delay \(1\/4\)#0" Id=12 RUNNABLE/));
  });
});

t.test('why the last checkpoint failed is told, and who is late', async (t) => {
  await using(`${JOB}/graph`, async ({ page }) => {
    await shown(page.getByText(/Checkpoint expired before completing\..*Not heard from: mean-delay/));
    await page
      .getByRole('region', { name: 'What stands out' })
      .getByRole('link', { name: 'Checkpoints' })
      .click();
    await shown(page.getByText('mean-delay, subtask 2 has not acknowledged.'));
    await page.getByRole('button', { name: 'Details of checkpoint 41' }).click();
    await shown(page.getByText(/mean-delay, subtask 2 came last\. 480 ms of it: the barrier was on its way/));
    const late = await shown(
      page.getByRole('img', { name: /Subtask 2: start delay 480 ms, alignment 47 ms/ }),
    );
    t.ok(await late.isVisible());
  });
});

t.test('why a window does not fire is told in a sentence', async () => {
  await using(`${JOB}/graph`, async ({ page }) => {
    await shown(heading(page, /No watermark at Source: rules/));
    await page.getByRole('link', { name: 'Who holds it back' }).click();
    await shown(page.getByText('Event time waits for Source: rules.'));
    await shown(page.getByText(/If it is rightly silent, withIdleness/));
    await shown(page.getByText('Holds back: apply-rules, Sink: results'));
  });
});

t.test('failures show root and concurrent ones with their labels', async () => {
  await using(`${JOB}/exceptions`, async ({ page }) => {
    await shown(page.getByText('at add (delays.js:31:14)'));
    await shown(page.getByText('type: user'));
    await page.getByText('The thread of a task has ended.').first().click();
    await shown(page.getByText('MR5003', { exact: true }));
  });
});

t.test('a savepoint is taken after a confirmation only, and its path is shown', async (t) => {
  await using(`${JOB}/graph`, async ({ page }, server) => {
    await page.getByRole('button', { name: 'Take savepoint' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('button', { name: 'Take savepoint' }).click();
    await page.getByLabel('Folder').fill('here');
    t.strictSame(server.orders, [], 'nothing was ordered so far');
    await page.getByRole('button', { name: 'Take a savepoint' }).click();
    await shown(page.getByText('Savepoint completed: savepoints/savepoint-1'));
    t.strictSame(server.orders, [
      `POST /jobs/${JOB_ID}/savepoints {"target-directory":"here","cancel-job":false}`,
    ]);
    await page.getByRole('button', { name: /^Dismiss/ }).click();
    t.equal(await page.getByText('Savepoint completed').count(), 0);
  });
});

t.test('a refusal is shown in the words of the server', async () => {
  await using(`${JOB}/graph`, async ({ page }) => {
    await page.getByRole('button', { name: 'Stop with savepoint' }).click();
    await page.getByLabel('Folder').fill('refused');
    await page.getByLabel(/^Drain/).check();
    await page.getByRole('button', { name: 'Stop the job' }).click();
    await shown(page.getByText('MR4002 The folder is not allowed.'));
  });
});

t.test('a checkpoint, another parallelism and the end of the job can be ordered', async (t) => {
  await using(`${JOB}/graph`, async ({ page }, server) => {
    await page.getByRole('button', { name: 'Take checkpoint' }).click();
    await page.getByRole('button', { name: 'Take a checkpoint' }).click();
    await shown(page.getByText('Checkpoint 43 completed.'));
    await page.getByRole('button', { name: 'Rescale' }).click();
    await page.getByLabel('mean-delay: at most').fill('8');
    await page.getByRole('button', { name: 'Rescale the job' }).click();
    await shown(page.getByText(/The new parallelism is asked for/));
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await shown(page.getByText('CANCELED', { exact: true }));
    t.equal(
      await page.getByRole('group', { name: 'Operations' }).count(),
      0,
      'nothing is to be ordered any more',
    );
    const [checkpoint, rescale, cancel] = server.orders;
    t.equal(checkpoint, `POST /jobs/${JOB_ID}/checkpoints {"checkpointType":"CONFIGURED"}`);
    t.match(
      rescale,
      new RegExp(`^PUT .*"${'c'.repeat(32)}":\\{"parallelism":\\{"lowerBound":1,"upperBound":8\\}\\}`),
    );
    t.match(cancel, `PATCH /jobs/${JOB_ID}?mode=cancel`);
  });
});

t.test('everything is reached by the keyboard', async (t) => {
  await using(`${JOB}/graph`, async ({ page }) => {
    await shown(page.getByRole('link', { name: /mean-delay ×4/ }));
    await page.keyboard.press('Tab');
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    t.equal(await page.evaluate('document.activeElement.tagName'), 'MAIN');
    await page.getByRole('button', { name: 'Cancel', exact: true }).focus();
    await page.keyboard.press('Enter');
    await shown(page.getByRole('dialog', { name: `Cancel: ${JOB_NAME}` }));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /mean-delay ×4/ }).focus();
    await page.keyboard.press('Enter');
    await shown(page.getByRole('region', { name: 'Subtasks' }));
  });
});

t.test('night and day follow the system, or the switch, which is remembered', async (t) => {
  await using('#/', async ({ page }) => {
    const ground = (): Promise<string> =>
      page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const day = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    const night = await ground();
    t.not(day, night);
    await page.getByLabel('Colours').selectOption('light');
    t.equal(await ground(), day);
    await page.reload();
    await shown(heading(page, 'Running jobs'));
    t.equal(await ground(), day);
  });
});

t.test('a lost connection is said, with what was known kept; and it comes back', async () => {
  await using('#/jobs', async ({ page }, server) => {
    await shown(page.getByText('Live'));
    server.broken = true;
    await shown(page.getByRole('alert').getByText(/connection to the server is lost/));
    await shown(page.getByRole('link', { name: JOB_NAME }));
    server.broken = false;
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

t.test('nothing is asked for while the tab is hidden', async (t) => {
  await using('#/jobs', async ({ page }, server) => {
    await page.clock.install();
    await page.reload();
    await shown(page.getByRole('link', { name: JOB_NAME }));
    const hide = (hidden: boolean): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
         document.dispatchEvent(new Event('visibilitychange'));`,
      );
    await hide(true);
    // What was asked before is answered by then: requests are served in turn.
    await page.evaluate("fetch('/overview')");
    const before = server.asked.length;
    await page.clock.fastForward(60_000);
    await page.evaluate("fetch('/overview')");
    t.equal(server.asked.length, before + 1, 'only the one that the test itself made');
    await hide(false);
    await page.waitForResponse((response) => response.url().endsWith('/jobs/overview'));
  });
});

t.test('a server with a token is asked with it, from the form or the printed address', async (t) => {
  const token = 'a-token-of-the-tests';
  await using(
    '#/jobs',
    async ({ page, complaints }) => {
      await page.getByLabel('Token').fill(token);
      await page.getByRole('button', { name: 'Use it' }).click();
      await shown(page.getByRole('link', { name: JOB_NAME }));
      t.strictSame(complaints, []);
    },
    undefined,
    token,
  );
  await using(
    `#token=${token}`,
    async ({ page }) => {
      await shown(page.getByRole('link', { name: JOB_NAME }));
      t.notMatch(page.url(), token, 'it does not stay in the address');
    },
    undefined,
    token,
  );
});

t.test('plots are drawn, and any metric can be added', async (t) => {
  await using(`${JOB}/metrics`, async ({ page, complaints }) => {
    await shown(page.locator('.plot canvas'));
    await page.getByLabel('Metric').selectOption('numRecordsIn');
    await shown(page.getByRole('figure', { name: 'numRecordsIn' }));
    await shown(page.getByRole('figure', { name: 'Busy' }).getByText(/9\d %/));
    t.equal(await page.getByRole('figure').count(), 5);
    t.strictSame(complaints, []);
  });
});

t.test('the memory plan, options with their origins, and logs are read', async (t) => {
  await using('#/task-managers', async ({ page }) => {
    const row = await shown(page.getByRole('row', { name: /^Managed/ }));
    t.match(await row.textContent(), /536870912512 MiB30 %/);
    await shown(page.getByRole('img', { name: '4 of 8 slots taken' }));
    await page.getByRole('link', { name: 'Logs' }).click();
    await shown(page.getByText('<b>bold</b> is text here'));
    await page.getByLabel('From level').selectOption('warn');
    t.equal(await page.getByRole('listitem').count(), 2);
    await page.goto(`${page.url().split('#')[0]}${JOB}/configuration`);
    const option = await shown(page.getByRole('row', { name: /execution.checkpointing.interval/ }));
    t.match(await option.textContent(), /10 smillrace\.config\.json/);
    await page.getByLabel('Filter').fill('restart');
    t.equal(await page.getByRole('region', { name: 'Options' }).getByRole('row').count(), 2);
  });
});
