import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type JobGraph, MillraceError, type ResolvedOptions } from '../../core/internal.js';
import type { CliCommand, CliContext } from './cli-command.js';
import { configFileOption, definitionOption, loadConfiguration, warn } from './configuration.js';
import { ExitCode } from './exit-code.js';
import { namedText } from './named-place.js';
import { positiveInteger } from './positive-integer.js';

const EXAMPLE = `Example:
  $ millrace info -p 4 delays.js --input flights.jsonl --output out/
`;

/** Builds a job's graph without running it. Supplied by boot. Rejects with what the file or its graph has wrong. */
export type GraphOfJob = (
  path: string,
  words: readonly string[],
  configuration: ResolvedOptions,
) => Promise<JobGraph>;

/** `millrace info`: the execution plan of a job file. */
export function infoCommand(graphOf: GraphOfJob): CliCommand {
  return {
    name: 'info',
    define(command, context) {
      command
        .description('print the execution plan of a job as JSON, without running it')
        .addHelpText('before', EXAMPLE)
        .argument('<job>', 'the job file: a module whose default export is made by defineJob')
        .argument('[job arguments...]', 'what the job gets as its parameters: --name value')
        .option('-p, --parallelism <n>', 'parallelism of operators that set none', positiveInteger)
        .addOption(definitionOption())
        .addOption(configFileOption())
        .option('--json', 'print the plan alone, without the lines around it')
        .passThroughOptions();
      return async ([file = '', ...words], options) => {
        const flags =
          typeof options.parallelism === 'number' ? { 'parallelism.default': options.parallelism } : {};
        const configuration = loadConfiguration(context, options, {}, flags);
        const graph = await graphOf(jobFile(context, file), words, configuration);
        for (const warning of graph.warnings) warn(context, warning);
        print(context, graph, options.json === true);
        return ExitCode.ok;
      };
    },
  };
}

/** The lines around it are for people, so they go where people look. */
function print({ stdout, stderr }: CliContext, graph: JobGraph, json: boolean): void {
  if (!json) stderr.write('----------------------- Execution Plan -----------------------\n');
  stdout.write(`${JSON.stringify(executionPlan(graph), undefined, 2)}\n`);
  if (!json) stderr.write('--------------------------------------------------------------\n');
}

/** @throws MillraceError MR7001 */
function jobFile({ workingDirectory }: CliContext, file: string): string {
  const path = resolve(workingDirectory, namedText('job file', file));
  if (existsSync(path)) return path;
  throw new MillraceError('MR7001', `There is no job file ${file}.`, {
    hint: 'Options of millrace come before the job file, those of the job after it.',
  });
}

/** In the form of Flink's, a node for each chain; `uid` and `maxParallelism` are told beside it. */
function executionPlan({ vertices, edges }: JobGraph): unknown {
  const nodes = vertices.map((vertex) => {
    const predecessors = edges
      .filter(({ target }) => target === vertex.id)
      .map(({ source, partitioner, inputIndex }) => ({
        id: source + 1,
        ship_strategy: partitioner.toUpperCase(),
        side: inputIndex === 0 ? 'first' : 'second',
      }));
    const feeds = edges.some(({ source }) => source === vertex.id);
    return {
      id: vertex.id + 1,
      type: vertex.name,
      pact: vertex.isSource ? 'Data Source' : feeds ? 'Operator' : 'Data Sink',
      contents: vertex.operators.map(({ name, description }) => description ?? name).join(' -> '),
      parallelism: vertex.parallelism,
      maxParallelism: vertex.maxParallelism,
      uid: vertex.uid,
      ...(predecessors.length === 0 ? {} : { predecessors }),
    };
  });
  return { nodes };
}
