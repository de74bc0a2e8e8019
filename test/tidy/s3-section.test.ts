import t from 'tap';
import { S3_OPTIONS } from '../../core/job/s3-options.js';
import { document } from './project-rules.js';
import { packageRoot, readTree } from './source-tree.js';

t.test('the README names every option of S3 with its default, and no other', async (t) => {
  const text = document(readTree(packageRoot()), 'README.md')?.text ?? '';
  const section = /^## Checkpoints on S3\n(.*?)^## /ms.exec(text)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `(s3\.[\w.-]+)` \| (.*?) \|/gm)].map(([, key, told]) => ({
    key,
    told,
  }));
  t.same(rows.map(({ key }) => key).sort(), Object.keys(S3_OPTIONS).sort());
  for (const { key, told } of rows) {
    const standard = Object.entries(S3_OPTIONS).find(([name]) => name === key)?.[1].default;
    if (standard !== undefined) t.equal(told?.replaceAll('`', ''), String(standard), `the default of ${key}`);
  }
});
