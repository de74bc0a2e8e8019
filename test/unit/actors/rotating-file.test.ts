import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { RotatingFile } from '../../../actors/boot/logs/rotating-file.js';

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-log-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('lines come out whole and in order, and no more is kept than may be', async (t) => {
  const path = join(folder(t), 'of', 'job.log');
  const failures: unknown[] = [];
  const file = new RotatingFile(path, 100, 2, (error) => failures.push(error));
  const line = (i: number): string => `line ${String(i).padStart(4, '0')}\n`;
  for (let i = 0; i < 50; i++) {
    file.write(line(i));
    if (i % 7 === 0) await file.flush();
  }
  await file.flush();
  const kept = file.paths.toReversed().map((each) => readFileSync(each, 'utf8'));
  t.strictSame(failures, []);
  t.ok(kept.every((text) => text.length <= 100));
  const lines = kept.join('');
  t.equal(
    lines,
    Array.from({ length: lines.length / 10 }, (_, i) => line(50 - lines.length / 10 + i)).join(''),
  );
  t.strictSame(readdirSync(join(path, '..')).sort(), ['job.log', 'job.log.1', 'job.log.2']);
});

t.test('a file that was there is gone on with, and a line that is too long stands alone', async (t) => {
  const path = join(folder(t), 'job.log');
  writeFileSync(path, 'before\n');
  const file = new RotatingFile(path, 20, 0, (error) => t.fail(String(error)));
  file.write('after\n');
  await file.flush();
  t.equal(readFileSync(path, 'utf8'), 'before\nafter\n');
  file.write(`${'x'.repeat(50)}\n`);
  await file.flush();
  t.equal(readFileSync(path, 'utf8').length, 51);
  t.notOk(existsSync(`${path}.1`));
});

t.test('a disk that refuses is told of, and loses lines only', async (t) => {
  const at = folder(t);
  writeFileSync(join(at, 'file'), '');
  const failures: unknown[] = [];
  const file = new RotatingFile(join(at, 'file', 'job.log'), 100, 1, (error) => failures.push(error));
  file.write('lost\n');
  await file.flush();
  t.equal(failures.length, 1);
});
