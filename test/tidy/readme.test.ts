import t from 'tap';
import { snippetsOf } from './project-rules.js';
import { compileSnippets, printedBy } from './snippet-compiler.js';
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

/** Without the numbers: turns and checkpoints are others as soon as the engine takes another turn. */
function wordsOf(text: string): string {
  return text.replace(/\d+/g, 'n').replace(/\s+/g, ' ').trim();
}

t.test(
  'the sink that is wrong is caught with the message that stands below it, and the other one is right',
  async (t) => {
    const { text } = readTree(packageRoot()).documents.find(({ path }) => path === 'README.md') ?? {
      text: '',
    };
    const [, shown = ''] = /^\/\/ crashes\.ts$.*?^```text\n(.*?)^```$/ms.exec(text) ?? [];
    for (const [file, says] of Object.entries({ 'crashes.ts': shown, 'mended.ts': '' })) {
      const snippet = snippetsOf(text).find((each) => each.file === file);
      if (snippet === undefined) throw new Error(`The README has no ${file}.`);
      t.equal(wordsOf(printedBy(snippet)), wordsOf(says), file);
    }
    t.match(shown, /MR5016 .* came twice/s);
  },
);
