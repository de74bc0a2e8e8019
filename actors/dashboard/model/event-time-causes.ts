import type { ExplainedOperator, Explanation, Holder } from './explanation.js';
import { durationText, eventTime, plural, subtaskText, watermarkText } from './figures.js';

/**
 * Why nothing comes out: who holds event time back, followed from each operator against the way of the records to
 * where it ends. A pure function of one explanation; operators that wait for one thing, and subtasks that hold
 * event time back in one way, are told once.
 */
export interface EventTimeCause {
  /** What to look at. */
  readonly title: string;
  readonly text: string;
  readonly advice: string;
  /** Names of the operators that wait for it. */
  readonly waiting: readonly string[];
  /** It went on a moment ago: nothing is wrong with it. */
  readonly moves: boolean;
}

type Ending =
  | Exclude<Holder, { kind: 'channel' | 'operator' }>
  /** The input is ahead: what it has said waits behind records that the operator has not read yet. */
  | { readonly kind: 'queue'; readonly input: string; readonly watermark: number };

/** Where the way back ends: subtasks of one operator that stand for one reason. */
interface Root {
  readonly operators: Set<ExplainedOperator>;
  readonly holder: Ending;
  readonly waiting: Set<string>;
}

/** What has moved within this time goes on. */
const MOVES_MS = 5000;
/** A watermark takes a moment to the next operator; one older than this that has not arrived waits in a queue. */
const ON_ITS_WAY_MS = 1000;

/**
 * Those that stand before those that move; furthest behind first.
 *
 * @param pressed vertices that mostly wait for room in their outputs
 */
export function eventTimeCauses(
  explanation: Explanation,
  pressed: ReadonlySet<number> = new Set(),
): readonly EventTimeCause[] {
  const roots = new Map<string, Root>();
  for (const operator of explanation.operators) {
    for (const [at, holder] of endingsOf(operator, explanation, new Set())) {
      const key = keyOf(at, holder);
      const root = roots.get(key) ?? { operators: new Set(), holder, waiting: new Set() };
      root.operators.add(at);
      if (operator.uid !== at.uid) root.waiting.add(operator.name);
      roots.set(key, root);
    }
  }
  return [...roots.values()]
    .map((root) => ({ root, least: leastOf(root) }))
    .sort((a, b) => a.least.watermark - b.least.watermark || b.root.waiting.size - a.root.waiting.size)
    .map(({ root, least }) => causeOf(root, least, explanation.atMs, pressed.has(least.vertexId)))
    .sort((a, b) => Number(a.moves) - Number(b.moves));
}

function endingsOf(
  operator: ExplainedOperator,
  all: Explanation,
  seen: Set<ExplainedOperator>,
): readonly (readonly [ExplainedOperator, Ending])[] {
  if (seen.has(operator)) return [];
  seen.add(operator);
  return operator.heldBackBy.flatMap((holder) => {
    if (holder.kind !== 'channel' && holder.kind !== 'operator') return [[operator, holder] as const];
    const before = operatorBehind(holder, operator, all);
    if (before === undefined) return [];
    const { name, watermark, sinceMs } = before;
    if (watermark > operator.watermark && all.atMs - sinceMs > ON_ITS_WAY_MS && holder.kind === 'channel') {
      return [[operator, { kind: 'queue', input: name, watermark }] as const];
    }
    return endingsOf(before, all, seen);
  });
}

/** Whom a holder names: the operator before in the chain, or the last of the task at the channel's other end. */
function operatorBehind(
  holder: Extract<Holder, { kind: 'channel' | 'operator' }>,
  { subtask, vertexId }: ExplainedOperator,
  { operators }: Explanation,
): ExplainedOperator | undefined {
  if (holder.kind === 'channel') {
    return operators.findLast((one) => one.vertexId === holder.vertexId && one.subtask === holder.subtask);
  }
  return operators.find(
    (one) => one.vertexId === vertexId && one.uid === holder.uid && one.subtask === subtask,
  );
}

function keyOf({ uid, watermark }: ExplainedOperator, holder: Ending): string {
  return JSON.stringify([uid, holder.kind, detailOf(holder), eventTime(watermark).kind]);
}

function detailOf(holder: Ending): string {
  switch (holder.kind) {
    case 'split':
      return holder.splitId;
    case 'alignment':
      return holder.group;
    case 'queue':
      return holder.input;
    case 'records':
      return '';
  }
}

/** The subtask that is furthest behind. */
function leastOf({ operators }: Root): ExplainedOperator {
  return [...operators].reduce((a, b) => (b.watermark < a.watermark ? b : a));
}

function nameOf({ operators }: Root, { name, subtask, parallelism }: ExplainedOperator): string {
  if (operators.size === 1) return subtaskText(name, subtask, parallelism);
  return `${name} (${operators.size} of ${parallelism} subtasks)`;
}

function causeOf(root: Root, least: ExplainedOperator, atMs: number, isPressed: boolean): EventTimeCause {
  const { holder } = root;
  const name = nameOf(root, least);
  const stoodMs = Math.max(0, atMs - least.sinceMs);
  const none = eventTime(least.watermark).kind === 'none';
  const stands = none
    ? `It has given no watermark in the ${durationText(stoodMs)} since it began.`
    : `Its watermark stands at ${watermarkText(least.watermark)}, for ${durationText(stoodMs)}.`;
  const common = { waiting: [...root.waiting], moves: !none && stoodMs < MOVES_MS };
  if (isPressed && holder.kind !== 'alignment')
    return {
      title: name,
      text: `${stands} It reads no further, since its outputs are full.`,
      advice: 'An operator behind it is slow: the graph shows which.',
      ...common,
    };
  switch (holder.kind) {
    case 'split':
      return {
        title: `${name}, split ${holder.splitId}`,
        text: `${stands} The split ${holder.splitId} ${splitText(holder.watermark)}, and a source goes no further than its slowest split.`,
        advice: none
          ? SILENT_ADVICE
          : 'If that split is rightly silent, withIdleness lets the others go on without it.',
        ...common,
      };
    case 'alignment':
      return {
        title: `${name}, alignment group ${holder.group}`,
        text: `${stands} It is ahead of its alignment group and rests until the group has caught up.`,
        advice: 'Look at the slowest source of the group, or allow a larger drift.',
        ...common,
      };
    case 'queue':
      return {
        title: name,
        text: `${stands} Its input ${holder.input} is at ${watermarkText(holder.watermark)} already: that watermark waits behind records which ${least.name} has not read yet.`,
        advice: 'It is slow, or waits for a slow operator behind it: the graph shows which.',
        ...common,
      };
    case 'records':
      return {
        title: name,
        text: `${stands} ${none ? 'No record with a timestamp has come to it.' : 'No record that would raise it has come since.'}`,
        advice: none
          ? SILENT_ADVICE
          : 'A watermark trails the newest timestamp by the allowed delay: windows fire when later records come, or when the source ends.',
        ...common,
      };
  }
}

const SILENT_ADVICE =
  'Look whether this source reads anything, and whether its WatermarkStrategy gives watermarks. If it is rightly silent, withIdleness lets the others go on without it.';

function splitText(watermark: number): string {
  return eventTime(watermark).kind === 'none' ? 'has given none yet' : `is at ${watermarkText(watermark)}`;
}

/** One sentence over all: what event time waits for. */
export function eventTimeSummary(explanation: Explanation, causes: readonly EventTimeCause[]): string {
  const { operators, silent } = explanation;
  if (operators.length === 0 && silent.length === 0) return 'No task runs, so nothing can come out.';
  if (silent.length > 0) {
    const names = silent.join(', ');
    return `${plural(silent.length, 'task')} gave no answer in time, since user code is busy there: ${names}.`;
  }
  if (operators.every(({ watermark }) => eventTime(watermark).kind === 'end')) {
    return 'Event time is at its end at every operator: every window has fired.';
  }
  const standing = causes.filter(({ moves }) => !moves);
  const [first] = standing;
  if (first === undefined) {
    return causes.length === 0
      ? 'Nothing holds event time back: every input is idle or has ended.'
      : 'Event time goes on at every source: windows fire as it passes their ends.';
  }
  return standing.length === 1
    ? `Event time waits for ${first.title}.`
    : `${plural(standing.length, 'thing')} hold event time back. Furthest behind: ${first.title}.`;
}
