import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { COMMANDS } from '../../../actors/boot/command-line.js';
import { ExitCode } from '../../../actors/cli/exit-code.js';
import { runCaptured } from './captured-program.js';

function run(...argv: readonly string[]) {
  return runCaptured(argv, COMMANDS);
}

const NAMES = COMMANDS.map(({ name }) => name);

/** What bash offers for the last of the words, which may be empty. */
function offers(t: Test, script: string): (...words: readonly string[]) => readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'millrace.bash');
  writeFileSync(path, script);
  const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; IFS=,; echo "$'.concat(
    '{COMPREPLY[*]}"',
  );
  return (...words) =>
    execFileSync('bash', ['-c', ask, path, 'millrace', ...words], { encoding: 'utf8' })
      .trim()
      .split(',')
      .filter((word) => word !== '');
}

t.test('the help of every command begins with an example', async (t) => {
  const lines = COMMANDS.flatMap((command) => [
    [command.name],
    ...('commands' in command ? command.commands.map(({ name }) => [command.name, name]) : []),
  ]);
  for (const line of lines) {
    const { exitCode, stdout } = await run(...line, '--help');
    t.equal(exitCode, ExitCode.ok, line.join(' '));
    t.match(stdout, new RegExp(`^Example:\n {2}\\$ .*millrace ${line.join(' ')}\\b`), line.join(' '));
  }
});

t.test('bash offers commands, options and their words, and files where those may stand', async (t) => {
  const ask = offers(t, (await run('completion', 'bash')).stdout);
  t.same(ask(''), NAMES);
  t.same(ask('sa'), ['savepoint']);
  t.same(ask('cluster', ''), ['start', 'stop']);
  t.same(ask('savepoint', 'd'), ['diff', 'dispose']);
  t.same(ask('completion', ''), ['bash', 'zsh', 'fish']);
  t.same(ask('stop', '--t'), ['--type']);
  t.same(ask('stop', '--type', ''), ['CANONICAL', 'NATIVE']);
  t.same(ask('memory', '--role', 'job'), ['jobmanager']);
  t.same(ask('savepoint', 'read', '--s'), ['--state']);
  t.same(ask('run', 'd'), [], 'files');
  t.same(ask('run', '--config', ''), [], 'files');
  t.notOk(ask('run', '-').includes('--fixed-job-id'), 'what is hidden stays so');
});

t.test('the scripts for zsh and fish name every command and option with its description', async (t) => {
  const zsh = (await run('completion', 'zsh')).stdout;
  const fish = (await run('completion', 'fish')).stdout;
  t.match(zsh, /^#compdef millrace\n/);
  t.match(zsh, /'--drain:the input ends for good\\: whatever waits/);
  t.match(zsh, /'millrace stop --type'\) compadd -- 'CANONICAL' 'NATIVE'; return/);
  t.match(fish, /-n '__millrace_at "millrace stop"' -l type -x -a 'CANONICAL NATIVE' -d '/);
  t.match(fish, /-n '__millrace_at "millrace cluster"' -f -a 'start' -d '/);
  t.match(fish, /-d 'the job\\'s id|-d 'what the job gets|-l parallelism -r/);
  for (const name of NAMES) {
    t.match(zsh, new RegExp(`'${name}:`), name);
    t.match(fish, new RegExp(`-n '__millrace_at "millrace"' -f -a '${name}'`), name);
  }
  t.match(await run('completion', 'tcsh'), {
    exitCode: ExitCode.usage,
    stderr: /Allowed choices are bash, zsh, fish/,
  });
});
