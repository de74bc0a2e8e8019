import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../tidy/source-tree.js';

const PROGRAM = join(packageRoot(), 'dist/test/simulation/main.js');

function sim(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

t.test('help is printed for who asks for it', async (t) => {
  for (const word of ['--help', '-h'])
    t.match(sim(word), { status: 0, stdout: /^Usage:\n.*\[SEED\]/, stderr: '' });
});

t.test('what cannot be understood is said, with the usage', async (t) => {
  const usage = /^Usage:$/m;
  for (const [says, ...words] of [
    [/Unknown option '--quite'/, '7', '--quite'],
    [/'--perfetto <value>' argument missing/, '7', '--perfetto'],
    [/'garbage' is no case, and no file that holds one: ENOENT/, 'replay', 'garbage'],
    [/'\{\}' is no case.*A case has a plan of faults/, 'replay', '{}'],
    [/replay wants a case/, 'replay'],
    [/'seven' is neither a command nor a seed/, 'seven'],
  ] as const) {
    const ran = sim(...words);
    t.match(ran, { status: 2, stdout: '', stderr: says }, words.join(' '));
    t.match(ran.stderr, usage);
    t.notMatch(ran.stderr, /^ +at /m, 'no stack');
  }
});

t.test('a world is run all the same', async (t) => {
  t.match(sim('7', '--quiet'), { status: 0, stdout: /seed 7: trace \w+, ok\n$/ });
});
