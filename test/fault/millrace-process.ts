import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));

/** The path of a job of this folder, compiled. */
export function jobPath(name: string): string {
  return fileURLToPath(new URL(`./jobs/${name}.js`, import.meta.url));
}

/** The environment of a user's process: without the loaders that a test runner gives to all its threads. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** `millrace run`, or another command, as a process of its own. */
export class MillraceProcess {
  readonly ended: Promise<Ended>;
  /** Resolves when the job has started, or the process has ended. */
  readonly started: Promise<void>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(cwd: string, args: readonly string[], command = 'run') {
    const child = spawn(process.execPath, [BIN, command, ...args], {
      cwd,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => {
      this.#stdout += String(chunk);
    });
    this.started = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.stderr.on('data', (chunk) => {
        this.#stderr += String(chunk);
        if (/ starts from /.test(this.#stderr)) resolve();
      });
    });
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code ?? signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
    this.#child = child;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when so many matches of the pattern have been written to stderr, or the process has ended. */
  async said(pattern: RegExp, times = 1): Promise<readonly RegExpMatchArray[]> {
    const all = new RegExp(pattern, 'gm');
    let ended = false;
    const end = this.ended.then(() => {
      ended = true;
    });
    for (;;) {
      const found = [...this.#stderr.matchAll(all)];
      const { stderr } = this.#child;
      if (found.length >= times || ended || stderr === null) return found;
      await Promise.race([once(stderr, 'data'), end]);
    }
  }

  /** Resolves when `isSo` is, asked again whenever something in the folder changes, or when the process has ended. */
  async until(folder: string, isSo: () => Promise<boolean>): Promise<void> {
    let ended = false;
    const end = this.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      const watcher = watch(folder);
      const changed = once(watcher, 'change');
      if (await isSo()) ended = true;
      else await Promise.race([changed, end]);
      watcher.close();
    }
  }

  /** As `head -1` does: reads a first piece of what is printed, and goes. */
  async closeOutputAfterFirstPiece(): Promise<void> {
    const { stdout } = this.#child;
    if (stdout === null) return;
    await once(stdout, 'data');
    stdout.destroy();
  }
}

/** The visible files of a folder, with what they hold. */
export function visibleFiles(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => !/^[._]/.test(name));
  return new Map(names.map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]));
}
