import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { jobPath, MillraceProcess, plainEnvironment } from '../fault/millrace-process.js';
import { type RecordedRequest, RecordingProxy } from './recording-proxy.js';

/**
 * Drives a running job by Flink's own command line, whose classes lie in FLINK_CLASSES: see flink-client.sh, which
 * fetches them. FLINK_RECORDING=FILE keeps what it sent.
 */
const { FLINK_CLASSES: classes, FLINK_RECORDING: recording } = process.env;
if (classes === undefined) throw new Error('FLINK_CLASSES names no folder; run test/rest/flink-client.sh.');

const MAIN = 'org.apache.flink.client.cli.CliFrontend';
const recorded: Record<string, readonly RecordedRequest[]> = {};

interface Said {
  readonly code: number;
  readonly text: string;
}

/** A job that goes on for ever, and the client that was pointed at it. */
class DrivenJob {
  readonly folder: string;
  readonly process: MillraceProcess;
  readonly #proxy: RecordingProxy;
  readonly #configuration: string;

  private constructor(folder: string, process: MillraceProcess, proxy: RecordingProxy) {
    this.folder = folder;
    this.process = process;
    this.#proxy = proxy;
    this.#configuration = join(folder, 'conf');
  }

  static async start(folder: string): Promise<DrivenJob> {
    const process = new MillraceProcess(folder, [
      ...['-D', 'rest.port=0', '-D', 'execution.checkpointing.savepoint-dir=savepoints'],
      ...[jobPath('running-counts'), '--output', 'out', '--rate', '500'],
    ]);
    const [said] = await process.said(/http:\/\/[\d.]+:\d+/);
    const proxy = new RecordingProxy(said?.[0] ?? '');
    await proxy.listen();
    mkdirSync(join(folder, 'conf'));
    writeFileSync(join(folder, 'conf', 'config.yaml'), `rest.address: localhost\nrest.port: ${proxy.port}\n`);
    return new DrivenJob(folder, process, proxy);
  }

  /** What the client says, and its exit code; `name`: under which its requests are kept. */
  async flink(name: string, ...words: string[]): Promise<Said> {
    const child = spawn('java', ['-cp', join(classes ?? '', '*'), MAIN, ...words], {
      cwd: this.folder,
      env: { ...plainEnvironment(), FLINK_CONF_DIR: this.#configuration },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (piece: string) => {
        text += piece;
      });
    }
    const [code] = await once(child, 'close');
    recorded[name] = this.#proxy.requests.splice(0);
    return { code: Number(code), text };
  }

  async jobId(): Promise<string> {
    const { text } = await this.flink('list', 'list');
    return / : ([0-9a-f]{32}) : /.exec(text)?.[1] ?? '';
  }

  async close(): Promise<void> {
    this.process.kill();
    await this.process.ended;
    await this.#proxy.close();
  }
}

t.setTimeout(300_000);

t.test("Flink's client lists, saves, checkpoints and disposes", async (t) => {
  const job = await DrivenJob.start(t.testdir());
  t.teardown(() => job.close());
  const id = await job.jobId();
  const all = await job.flink('list-all', 'list', '-a');
  t.equal(all.code, 0, all.text);
  t.match(
    all.text,
    /^-+ Running\/Restarting Jobs -+\n[\d.]+ [\d:]+ : [0-9a-f]{32} : running-counts \(RUNNING\)\n-+$/m,
  );
  t.match(all.text, /^No scheduled jobs\.$/m);

  const saved = await job.flink('savepoint', 'savepoint', id);
  t.equal(saved.code, 0, saved.text);
  const path = /^Savepoint completed\. Path: (\S+)$/m.exec(saved.text)?.[1] ?? '';
  t.same(readdirSync(join(job.folder, 'savepoints')), [path.split('/').at(-1)]);

  const named = await job.flink('savepoint-into', 'savepoint', '-type', 'native', id, 'savepoints/others');
  t.match(named, {
    code: 0,
    text: /^Savepoint completed\. Path: \S+(?<!savepoints)\/savepoints\/others\/savepoint-\w+$/m,
  });
  const detached = await job.flink('savepoint-detached', 'savepoint', '-detached', id);
  t.match(detached, { code: 0, text: /^Successfully trigger manual savepoint, triggerId: [0-9a-f]{32}$/m });

  const checkpoint = await job.flink('checkpoint', 'checkpoint', id);
  t.match(checkpoint, {
    code: 0,
    text: new RegExp(`^Checkpoint \\d+ for job ${id} completed\\.$`, 'm'),
  });
  const full = await job.flink('checkpoint-full', 'checkpoint', '--full', id);
  t.match(full, { code: 0, text: new RegExp(`^Checkpoint\\(FULL\\) \\d+ for job ${id} completed\\.$`, 'm') });

  const disposed = await job.flink('dispose', 'savepoint', '-d', path);
  t.match(disposed, { code: 0, text: /^Savepoint '\S+' disposed\.$/m });
  t.notOk(readdirSync(join(job.folder, 'savepoints')).includes(path.split('/').at(-1) ?? ''));
  const again = await job.flink('dispose-again', 'savepoint', '-d', path);
  t.match(
    again,
    { code: 1, text: /Caused by: .*MR3008 There is no checkpoint at /m },
    'the reason reaches the person',
  );
  const outside = await job.flink('savepoint-outside', 'savepoint', id, '/etc');
  t.match(outside, { code: 1, text: /MR7003 Requests may name places in / });
  const unknown = await job.flink('cancel-unknown', 'cancel', '0'.repeat(32));
  t.match(unknown, { code: 1, text: /MR7002 Job 0{32} not found/ });
});

for (const [name, words, line] of [
  ['stop', ['stop', '-p', 'savepoints'], /^Savepoint completed\. Path: \S+\/savepoint-\w+$/m],
  ['stop-drain', ['stop', '--drain'], /^Savepoint completed\. Path: \S+\/savepoint-\w+$/m],
  ['cancel-with-savepoint', ['cancel', '-s'], /Savepoint stored in \S+\/savepoint-\w+\./m],
  ['cancel', ['cancel'], /^Cancelled job [0-9a-f]{32}\.$/m],
] as const) {
  t.test(`Flink's client ends a job: ${words.join(' ')}`, async (t) => {
    const job = await DrivenJob.start(t.testdir());
    t.teardown(() => job.close());
    const id = await job.jobId();
    const said = await job.flink(name, ...words, id);
    t.match(said, { code: 0, text: line }, said.text);
    t.equal((await job.process.ended).code, name === 'cancel' ? 1 : 0);
  });
}

/** Ids, ports and folders are of one run: each of a kind is told as one. */
function withoutRun(text: string): string {
  return text
    .replace(/(?<=\/savepoints\/|\/checkpoints\/|\/savepoint-disposal\/)[0-9a-f]{32}/g, 'TRIGGER')
    .replace(/(?<=\/jobs\/)(?!0{32})[0-9a-f]{32}/g, 'JOB')
    .replace(/\\"\/[^"]*\/savepoint-\w+\\"/g, '\\"savepoints/savepoint-disposed\\"')
    .replace(/localhost:\d+/g, 'localhost');
}

t.teardown(() => {
  if (recording !== undefined) writeFileSync(recording, withoutRun(`${JSON.stringify(recorded, null, 2)}\n`));
});
