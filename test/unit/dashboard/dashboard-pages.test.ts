import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { dashboardPages } from '../../../actors/rest/dashboard-pages.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-pages-'));
t.teardown(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'index-0123abcd.js'), 'f();');
writeFileSync(join(folder, 'secret.html'), 'not in the list');
writeFileSync(join(folder, 'files.json'), '["index.html", "index-0123abcd.js"]');

t.test('files that the build has listed are pages; names with their hash are kept by browsers', async (t) => {
  const pages = dashboardPages(folder);
  const start = pages('/');
  t.equal(start?.type, 'text/html; charset=UTF-8');
  t.equal(start?.cache, 'no-cache');
  t.equal(Buffer.from(start?.content ?? []).toString(), '<!doctype html>');
  t.equal(pages('/index.html'), start);
  t.match(pages('/index-0123abcd.js'), { type: /javascript/, cache: /immutable/ });
});

t.test('no path leads to any other file', async (t) => {
  const pages = dashboardPages(folder);
  for (const path of [
    '/secret.html',
    '/files.json',
    '/../index.html',
    '//index.html',
    '/%2e%2e/index.html',
    '/./index.html',
    '/__proto__',
    '/jobs',
    'index.html',
    '',
  ]) {
    t.equal(pages(path), undefined, path);
  }
});

t.test('a folder without a dashboard has no pages', async (t) => {
  t.equal(dashboardPages(join(folder, 'nothing'))('/'), undefined);
});
