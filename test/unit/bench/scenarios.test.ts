import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** Every scenario still runs, in its small form: whatever it measures there is beside the point. */
const FOLDER = fileURLToPath(new URL('../../../bench/scenarios/', import.meta.url));

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.bench.js'))) {
  t.test(name, { timeout: 60_000 }, async (t) => {
    const child = spawn(process.execPath, [`${FOLDER}${name}`], {
      env: { ...process.env, MILLRACE_BENCH: 'small' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = await once(child, 'close');
    t.equal(code, 0, output);
  });
}
