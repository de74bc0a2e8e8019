import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeGolden } from './golden-fixture.js';
import { GOLDEN } from './golden-folder.js';

/**
 * Writes the fixtures of the present format: `node dist/test/golden/write-golden.js NUMBER`. To be run once for each
 * format, when one of its versions is raised; what is there of older ones stays as it is.
 */
const [number] = process.argv.slice(2);
if (number === undefined || !/^\d+$/.test(number)) throw new Error('Say which format it is: 2, for example.');
const folder = join(GOLDEN, number);
rmSync(folder, { recursive: true, force: true });
await writeGolden(folder);
console.log(`Written to ${folder}.`);
