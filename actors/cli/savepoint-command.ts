import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatMemoryBytes } from '../../core/internal.js';
import type { CliAction, CliCommand, CliCommandGroup, CliContext } from './cli-command.js';
import { ExitCode } from './exit-code.js';
import { namedPlace, namedText } from './named-place.js';

/** A savepoint, or a completed checkpoint, as a person asks about it. Plain data: what `--json` prints. */
export interface SavepointReport {
  readonly path: string;
  readonly kind: 'checkpoint' | 'savepoint';
  /** The input of the job was ended for good with it. */
  readonly drained: boolean;
  readonly job: string;
  readonly checkpointId: number;
  /** Wall time, ms. */
  readonly triggered: number;
  readonly completed: number;
  /** Of all state files. */
  readonly bytes: number;
  /** Of them those with what was under way, which only an unaligned checkpoint has. */
  readonly inFlightBytes: number;
  readonly operators: readonly OperatorReport[];
}

export interface OperatorReport {
  readonly uid: string;
  /** uid of the chain's head, where it is another. */
  readonly chainedTo: string | undefined;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Subtasks that had ended. */
  readonly finished: number;
  readonly splitEnumerator: boolean;
  /** By name, as JSON: what subtasks had accumulated that had ended. */
  readonly accumulated: Readonly<Record<string, string>>;
  /** Type of the keys of its state, `keys<string>` for example, where it is known. */
  readonly keys: string | undefined;
  readonly keyed: readonly KeyedTableReport[];
  readonly lists: readonly ListReport[];
}

export interface KeyedTableReport {
  /** Name of the state; of the engine's own tables (timers, windows) in brackets. */
  readonly state: string;
  readonly type: string;
  readonly entries: number;
  readonly bytes: number;
}

export interface ListReport {
  readonly state: string;
  readonly type: string | undefined;
  readonly mode: string;
  readonly entries: number;
  readonly bytes: number;
}

/** What restoring a job from a savepoint would do with each operator. */
export interface SavepointDiff {
  readonly mapped: readonly string[];
  /** State of the savepoint that the job has no operator for: refused, or dropped with `-n`. */
  readonly dropped: readonly string[];
  /** Edges, `operator -> operator`, in which something was under way, and which the job does not have: likewise. */
  readonly droppedInFlight: readonly string[];
  /** Operators that begin empty. */
  readonly fresh: readonly string[];
  /** States whose rows would be made those of another type. */
  readonly migrated: readonly MigratedState[];
  /** Why it would be refused, operator by operator. */
  readonly refused: readonly string[];
  /** Operators that do not say what they declare, by uid, and what they threw instead. */
  readonly unknown: Readonly<Record<string, string>>;
}

export interface MigratedState {
  readonly uid: string;
  readonly state: string;
  /** Type texts. */
  readonly stored: string;
  readonly declared: string;
}

/** What looks into savepoints. Supplied by boot; each rejects with MR3004, MR3005 or MR3008 for what cannot be read. */
export interface SavepointTools {
  inspect(path: string): Promise<SavepointReport>;
  /** Lines of JSON, an entry each. Rejects with MR7001 for a state that the savepoint does not hold. */
  read(path: string, uid: string, state: string): AsyncIterable<string>;
  diff(path: string, job: string, args: readonly string[]): Promise<SavepointDiff>;
  /** Removes a savepoint. Rejects with MR3008 if there is none, MR7001 for a job's checkpoint. */
  dispose(path: string): Promise<void>;
}

const PATH = "a savepoint, a job's checkpoint folder, or an entry of its log";

/**
 * `millrace savepoint inspect|read|diff|dispose`: questions about state, without a running job; `define`: what the word
 * alone does.
 */
export function savepointCommand(tools: SavepointTools, define?: CliCommandGroup['define']): CliCommandGroup {
  return {
    name: 'savepoint',
    description: 'look into savepoints and checkpoints, compare them with a job, remove them',
    ...(define === undefined ? {} : { define }),
    commands: [inspectCommand(tools), readCommand(tools), diffCommand(tools), disposeCommand(tools)],
  };
}

function inspectCommand(tools: SavepointTools): CliCommand {
  return {
    name: 'inspect',
    define(command: Command, context: CliContext): CliAction {
      command
        .description('list operators, states, types, entries and bytes')
        .addHelpText('before', exampleOf('inspect savepoints/savepoint-4f1a6d'))
        .argument('<path>', PATH)
        .option('--json', 'print one JSON document')
        .allowExcessArguments(false);
      return async ([path = ''], { json }) => {
        const report = await tools.inspect(namedPlace('savepoint', path, context.workingDirectory));
        print(context, json === true ? JSON.stringify(report, undefined, 2) : printReport(report));
        return ExitCode.ok;
      };
    },
  };
}

function readCommand(tools: SavepointTools): CliCommand {
  return {
    name: 'read',
    define(command: Command, context: CliContext): CliAction {
      command
        .description('print the entries of one keyed state, a line of JSON each')
        .addHelpText('before', exampleOf('read savepoints/savepoint-4f1a6d --uid counts --state count'))
        .argument('<path>', PATH)
        .requiredOption('--uid <uid>', 'the operator')
        .requiredOption('--state <name>', 'the state, as its descriptor names it')
        .allowExcessArguments(false);
      return async ([path = ''], { uid, state }) => {
        const lines = tools.read(
          namedPlace('savepoint', path, context.workingDirectory),
          String(uid),
          String(state),
        );
        for await (const line of lines) print(context, line);
        return ExitCode.ok;
      };
    },
  };
}

function diffCommand(tools: SavepointTools): CliCommand {
  return {
    name: 'diff',
    define(command: Command, context: CliContext): CliAction {
      command
        .description(
          'tell what restoring a job would map, migrate, begin empty, drop and refuse; opens its functions',
        )
        .addHelpText('before', exampleOf('diff savepoints/savepoint-4f1a6d delays.js'))
        .argument('<path>', PATH)
        .argument('<job>', 'the job file')
        .argument('[job arguments...]', 'what the job gets as its parameters: --name value')
        .option('--json', 'print one JSON document')
        .passThroughOptions();
      return async ([path = '', job = '', ...args], { json }) => {
        const { workingDirectory } = context;
        const diff = await tools.diff(
          namedPlace('savepoint', path, workingDirectory),
          resolve(workingDirectory, namedText('job file', job)),
          args,
        );
        print(context, json === true ? JSON.stringify(diff, undefined, 2) : printDiff(diff));
        return diff.refused.length + diff.dropped.length + diff.droppedInFlight.length === 0
          ? ExitCode.ok
          : ExitCode.restore;
      };
    },
  };
}

function disposeCommand(tools: SavepointTools): CliCommand {
  return {
    name: 'dispose',
    define(command: Command, context: CliContext): CliAction {
      command
        .description('remove a savepoint')
        .addHelpText('before', exampleOf('dispose savepoints/savepoint-4f1a6d'))
        .argument('<path>', 'the savepoint')
        .allowExcessArguments(false);
      return async ([path = '']) => {
        await tools.dispose(namedPlace('savepoint', path, context.workingDirectory));
        context.stderr.write(`Savepoint '${path}' is removed.\n`);
        return ExitCode.ok;
      };
    },
  };
}

function exampleOf(words: string): string {
  return `Example:\n  $ millrace savepoint ${words}\n`;
}

function print(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`);
}

function printReport(report: SavepointReport): string {
  const lines = [
    `${report.kind} ${report.checkpointId} of job '${report.job}'${report.drained ? ', which was drained' : ''}`,
    `triggered ${new Date(report.triggered).toISOString()}, complete after ${report.completed - report.triggered} ms, ` +
      `${formatMemoryBytes(BigInt(report.bytes))} of state files`,
  ];
  if (report.inFlightBytes > 0)
    lines.push(
      `unaligned: ${formatMemoryBytes(BigInt(report.inFlightBytes))} of them were under way between operators`,
    );
  for (const operator of report.operators) lines.push('', ...printOperator(operator));
  return lines.join('\n');
}

function printOperator(operator: OperatorReport): string[] {
  const {
    uid,
    chainedTo,
    parallelism,
    maxParallelism,
    finished,
    splitEnumerator,
    keyed,
    lists,
    accumulated,
  } = operator;
  const facts = [`parallelism ${parallelism} of at most ${maxParallelism}`];
  if (chainedTo !== undefined) facts.push(`chained to ${chainedTo}`);
  if (finished > 0) facts.push(`${finished} subtasks had ended`);
  if (splitEnumerator) facts.push('with a split enumerator');
  if (operator.keys !== undefined) facts.push(operator.keys);
  const rows = [
    ...keyed.map(({ state, type, entries, bytes }) => [state, type, `${entries} entries`, `${bytes} bytes`]),
    ...lists.map(({ state, type, mode, entries, bytes }) => [
      state,
      type ?? `list (${mode})`,
      `${entries} items`,
      `${bytes} bytes`,
    ]),
    ...Object.entries(accumulated).map(([name, value]) => [name, 'accumulated by who had ended', value]),
  ];
  return [`${uid}  (${facts.join(', ')})`, ...aligned(rows)];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function printDiff(diff: SavepointDiff): string {
  const { mapped, dropped, droppedInFlight, fresh, migrated, refused, unknown } = diff;
  const lines = [
    ...mapped.map((uid) => `= ${uid}  goes on from its state`),
    ...fresh.map((uid) => `+ ${uid}  begins empty`),
    ...dropped.map((uid) => `- ${uid}  has state and no operator: refused, or dropped with -n`),
    ...droppedInFlight.map(
      (edge) => `- ${edge}  had something under way and is no edge: refused, or dropped with -n`,
    ),
    ...migrated.map(
      ({ uid, state, stored, declared }) =>
        `~ ${uid}  state '${state}' is migrated from ${stored} to ${declared}`,
    ),
    ...refused.map((why) => `! ${why}`),
    ...Object.entries(unknown).map(
      ([uid, why]) => `? ${uid}  does not open here, so its states are not compared: ${why}`,
    ),
  ];
  return lines.length === 0
    ? 'Neither the savepoint nor the job has an operator with state.'
    : lines.join('\n');
}
