import type { CoreCoverage } from './core-coverage.js';
import type { LedgerSums } from './run-ledger.js';
import { type Census, FAULTS, FEATURES } from './world-census.js';

/** How the worlds of a report were run. */
export interface CensusRun {
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  /** Average over the last five minutes of the run: what else the machine had to do. */
  readonly load: number;
  readonly date: string;
  readonly firstSeed: number;
  readonly processes: number;
  readonly tookMs: number;
  /** Of all processes together. */
  readonly cpuMs: number;
}

/** The report as a text in Markdown. */
export function censusReport(
  census: Census,
  run: CensusRun,
  ledger: LedgerSums,
  coverage: CoreCoverage,
): string {
  return [
    '# Simulated worlds: the last large run',
    '',
    'Written by `npm run sim -- report WORLDS`; see [world-census.ts](world-census.ts) for what is counted. A world',
    'counts if it has a thousand records or more, three completed checkpoints, a recovery from one, and state behind an',
    'exchange.',
    '',
    ...table(
      ['what', 'seen'],
      [
        ['commit', run.commit],
        ['date', run.date],
        ['machine', `${run.machine}, Node ${run.node}`],
        ['seeds', `${run.firstSeed} to ${run.firstSeed + census.worlds - 1}`],
        ['worlds run', count(census.worlds)],
        ['worlds that count', `${count(census.counting)} (${percent(census.counting, census.worlds)})`],
        ['worlds of batches, beside them', count(census.batches)],
        ['faults injected', count(census.faults)],
        ['violations found', count(census.failures.length)],
        ['records', count(census.records)],
        ['checkpoints completed', count(census.checkpoints)],
        ['recoveries from one', count(census.restores)],
        ['turns', count(census.turns)],
        [
          'took',
          `${(run.tookMs / 1000).toFixed(0)} s in ${run.processes} processes, load ${run.load.toFixed(0)}`,
        ],
        ['worlds in a minute of one processor', count((census.worlds / run.cpuMs) * 60_000)],
        ['of those that count', count((census.counting / run.cpuMs) * 60_000)],
      ],
    ),
    '',
    ...ledgerPart(ledger),
    ...coveragePart(coverage),
    '## Faults by what the world has',
    '',
    'How often each came to a world that has the feature.',
    '',
    ...table(
      ['fault', ...Object.keys(FEATURES)],
      Object.entries(FAULTS).map(([fault, text]) => [
        text,
        ...Object.keys(FEATURES).map((feature) => count(census.hits[fault]?.[feature] ?? 0)),
      ]),
    ),
    '',
    '## Jobs',
    '',
    ...table(
      ['job', 'worlds'],
      Object.entries(census.topologies)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, worlds]) => [name, count(worlds)]),
    ),
    ...census.failures.map(({ seed, kind, message }) => `\nSeed ${seed}: ${kind}: ${message}`),
    '',
  ].join('\n');
}

function ledgerPart(ledger: LedgerSums): string[] {
  return [
    '## All runs',
    '',
    'The large runs of [runs.jsonl](runs.jsonl) together. What violations showed was mended before later runs.',
    '',
    ...table(
      ['what', 'seen'],
      [
        ['states of the code', count(ledger.commits)],
        ['worlds', count(ledger.worlds)],
        ['of those that count', count(ledger.counting)],
        ['worlds of batches, beside them', count(ledger.batches)],
        ['faults injected', count(ledger.faults)],
        ['violations', count(ledger.violations)],
      ],
    ),
    '',
  ];
}

function coveragePart(coverage: CoreCoverage): string[] {
  return [
    '## What worlds go through of core',
    '',
    `Nothing but ${count(coverage.worlds)} worlds ran, of commit ${coverage.commit}: \`npm run sim -- coverage\`.`,
    '',
    ...table(
      ['folder', 'lines', 'branches of what ran'],
      [['all', coverage.core] as const, ...Object.entries(coverage.folders)]
        .filter(([name]) => !name.endsWith('.ts'))
        .map(([name, { lines, branches }]) => [name, `${lines} %`, `${branches} %`]),
    ),
    '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${((part / Math.max(1, whole)) * 100).toFixed(1)} %`;
}
