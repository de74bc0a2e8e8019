import t from 'tap';
import { snippetsOf } from './project-rules.js';
import { compileSnippets } from './snippet-compiler.js';
import { packageRoot, readTree } from './source-tree.js';

t.test('TypeScript in Markdown compiles', async (t) => {
  for (const { path, text } of readTree(packageRoot()).documents) {
    const snippets = path.endsWith('.md') ? snippetsOf(text) : [];
    if (snippets.length > 0) t.equal(compileSnippets(snippets), '', path);
  }
});

t.test('a snippet that does not compile is seen', async (t) => {
  t.match(compileSnippets([{ file: 'wrong.ts', text: "export const count: number = 'one';\n" }]), /TS2322/);
});
