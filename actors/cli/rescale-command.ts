import { InvalidArgumentError, Option } from 'commander';
import { formatDuration, MillraceError } from '../../core/internal.js';
import type { CliCommand } from './cli-command.js';
import { clientOptions, detachedOption, JOB, withCluster } from './client-options.js';
import type { ClientSession } from './client-session.js';
import { positiveInteger } from './positive-integer.js';
import type { OnSignal } from './run-command.js';

const EXAMPLE = `Example:
  $ millrace rescale a1b2c3d4 -p 4
`;

interface VertexBounds {
  readonly name: string;
  readonly lowerBound: number;
  readonly upperBound: number;
}

/** `millrace rescale`: another parallelism for a job that runs. */
export function rescaleCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'rescale',
    define(command, context) {
      clientOptions(
        command
          .description('change the parallelism of a job while it runs')
          .addHelpText('before', EXAMPLE)
          .argument('<job>', JOB)
          .option(
            '-p, --parallelism <n>',
            'for all operators whose parallelism the job does not set',
            positiveInteger,
          )
          .addOption(
            new Option(
              '--vertex <name=n>',
              'for the vertex with that operator (its uid or name), n or lowest:highest; may be repeated',
            )
              .argParser(collectBounds)
              .conflicts('parallelism'),
          )
          .addOption(detachedOption())
          .allowExcessArguments(false),
      );
      return ([job = ''], options) => {
        const bounds = (options.vertex ?? []) as readonly VertexBounds[];
        if (options.parallelism === undefined && bounds.length === 0) {
          throw new MillraceError('MR7001', 'millrace rescale needs to know what parallelism.', {
            hint: 'Name it with -p N, or --vertex NAME=N.',
          });
        }
        const wish =
          bounds.length === 0
            ? { parallelism: options.parallelism }
            : { vertices: Object.fromEntries(bounds.map(({ name, ...between }) => [name, between])) };
        return withCluster(context, onSignal, options, (session) =>
          rescale(session, job, wish, options.detached === true),
        );
      };
    },
  };
}

async function rescale(
  session: ClientSession,
  word: string,
  wish: Readonly<Record<string, unknown>>,
  detached: boolean,
): Promise<void> {
  const [{ namedJob }, { isFields, listOf, printable }] = await Promise.all([
    import('./named-job.js'),
    import('./cluster-client.js'),
  ]);
  const { id, name } = await namedJob(session.client, word);
  const operation = {
    called: 'rescale',
    path: `/jobs/${id}/millrace/rescale`,
    body: wish,
    failure: { code: 'MR5013', what: `Job ${id} (${name}) is not rescaled.` },
  } as const;
  session.tell(`Rescaling job ${id}.`);
  if (detached) {
    const triggerId = await session.client.trigger(operation);
    session.print(`Successfully trigger rescale, triggerId: ${triggerId}`, { jobId: id, triggerId });
    return;
  }
  const { rescale } = await session.outcome(operation);
  if (!isFields(rescale)) {
    session.print(`Job ${id} has that parallelism.`, { jobId: id, rescale: null });
    return;
  }
  const changes = listOf(rescale.vertices)
    .filter(({ former, present }) => former !== present)
    .map(
      ({ name, former, present }) => `  ${printable(String(name))}: ${String(former)} -> ${String(present)}`,
    );
  const { pauseMs } = rescale;
  const pause =
    typeof pauseMs === 'number' ? `: no record was taken for ${formatDuration(Math.round(pauseMs))}` : '';
  session.print([`Rescaled job ${id}${pause}.`, ...changes].join('\n'), { jobId: id, rescale });
}

function collectBounds(text: string, before: readonly VertexBounds[] = []): readonly VertexBounds[] {
  const [, name = '', low = '', high = low] = /^(.+)=(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It takes the form name=n or name=lowest:highest.');
  return [...before, { name, lowerBound: positiveInteger(low), upperBound: positiveInteger(high) }];
}
