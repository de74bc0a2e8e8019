import { MillraceError } from '../base/millrace-error.js';
import { keyGroupRangeOf } from '../graph/key-group.js';
import type { KeyGroupRange } from '../ports/keyed-state-store.js';
import { STATE_TABLE_PREFIX, stateTableType } from '../state/state-entry.js';
import { stateEvolution } from '../state/state-evolution.js';
import type {
  KeyedStateFile,
  KeyedStateHandle,
  OperatorListHandle,
  OperatorStateHandle,
} from './snapshot-handle.js';

/** What each subtask of an operator had, by subtask; undefined where it had ended. */
export type FormerStates = readonly (OperatorStateHandle | undefined)[];

type Lists = Readonly<Record<string, OperatorListHandle>>;

/**
 * Deals the state of an operator out to another number of subtasks. Keyed state goes by key groups, lists as
 * their modes say; nothing is copied, files are only named by several.
 *
 * @returns by subtask
 */
export function redistributeState(
  former: FormerStates,
  parallelism: number,
  maxParallelism: number,
): OperatorStateHandle[] {
  const lists = redistributeLists(former, parallelism);
  return Array.from({ length: parallelism }, (_, subtask) => ({
    keyed: keyedStateOf(former, keyGroupRangeOf(subtask, parallelism, maxParallelism)),
    lists: lists[subtask] ?? {},
  }));
}

/** The same number of subtasks: each has what it had, and all items of the lists that all are given. */
export function withUnionLists(former: FormerStates): FormerStates {
  const names = listNames(former).filter((name) => listsOf(former, name)[0]?.mode === 'union');
  if (names.length === 0) return former;
  const unions = names.map((name) => ({ name, items: allItems(listsOf(former, name)), given: 0 }));
  return former.map((state) => {
    if (state === undefined) return undefined;
    const lists: Record<string, OperatorListHandle> = { ...state.lists };
    for (const union of unions) {
      const { name, items, given: from } = union;
      // Its own part is what it gave: it may be restored alone, beside others that have theirs.
      union.given += state.lists[name]?.items.length ?? 0;
      lists[name] = { mode: 'union', items, own: { from, to: union.given } };
    }
    return { ...state, lists };
  });
}

/** The files of all former subtasks that hold rows of these key groups, each for the rows that were its own. */
function keyedStateOf(former: FormerStates, keyGroups: KeyGroupRange): KeyedStateHandle | undefined {
  const handles = former.map((state) => state?.keyed).filter((keyed) => keyed !== undefined);
  const [first] = handles;
  if (first === undefined) return undefined;
  const files: KeyedStateFile[] = [];
  const tables: Record<string, string> = {};
  for (const handle of handles) {
    for (const [name, text] of Object.entries(handle.tables))
      tables[name] = commonType(name, tables[name], text);
    const own = { start: handle.keyGroupStart, end: handle.keyGroupEnd };
    if (common(own, keyGroups) === undefined) continue;
    for (const file of handle.files) {
      const held = common(own, file.keyGroups ?? own);
      if (held !== undefined && common(held, keyGroups) !== undefined)
        files.push({ ...file, keyGroups: held });
    }
  }
  return {
    format: first.format,
    keyGroupStart: keyGroups.start,
    keyGroupEnd: keyGroups.end,
    files,
    tables,
  };
}

/**
 * One type for a table whose rows come from several subtasks. They have the same, unless some of them have not asked
 * for the state since its declaration was changed.
 *
 * @throws MillraceError MR2103 if the rows of the one are not those of the other as they are
 */
function commonType(table: string, one: string | undefined, other: string): string {
  if (one === undefined || one === other) return other;
  if (table.startsWith(STATE_TABLE_PREFIX)) {
    if (staysAsItIs(one, other)) return other;
    if (staysAsItIs(other, one)) return one;
  }
  throw new MillraceError('MR2103', `The subtasks hold '${table}' with two types: ${one} and ${other}.`, {
    why: 'Some of them have not asked for it since its declaration was changed.',
    hint: 'Restore at the former parallelism, and ask for the state in open() before the next checkpoint.',
  });
}

function staysAsItIs(stored: string, declared: string): boolean {
  return stateEvolution(stateTableType(stored), stateTableType(declared)).kind === 'as-is';
}

function common(a: KeyGroupRange, b: KeyGroupRange): KeyGroupRange | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start <= end ? { start, end } : undefined;
}

function redistributeLists(former: FormerStates, parallelism: number): Lists[] {
  const dealt = Array.from({ length: parallelism }, (): Record<string, OperatorListHandle> => ({}));
  // Who is given the first of the items that are left over; the next list goes on after the last one.
  let firstInTurn = 0;
  for (const name of listNames(former)) {
    const lists = listsOf(former, name);
    const mode = lists[0]?.mode ?? 'split';
    const items = allItems(lists);
    const shares = sharesOf(mode, former, name, { parallelism, firstInTurn });
    dealt.forEach((own, subtask) => {
      const handle = { mode, items: shares[subtask] ?? [] };
      own[name] = mode === 'union' ? { ...handle, own: partOf(subtask, items.length, parallelism) } : handle;
    });
    if (mode === 'split') firstInTurn = (firstInTurn + items.length) % parallelism;
  }
  return dealt;
}

function sharesOf(
  mode: OperatorListHandle['mode'],
  former: FormerStates,
  name: string,
  { parallelism, firstInTurn }: { readonly parallelism: number; readonly firstInTurn: number },
): (readonly Uint8Array[])[] {
  const lists = listsOf(former, name);
  const items = allItems(lists);
  switch (mode) {
    case 'split':
      return splitItems(items, parallelism, firstInTurn);
    case 'union':
    case 'watermark':
      return Array.from({ length: parallelism }, () => items);
    case 'broadcast':
      return Array.from({ length: parallelism }, (_, subtask) => lists[subtask % lists.length]?.items ?? []);
    case 'together':
      return Array.from({ length: parallelism }, (_, subtask) =>
        former.flatMap((state, index) =>
          index % parallelism === subtask ? (state?.lists[name]?.items ?? []) : [],
        ),
      );
  }
}

function partOf(subtask: number, count: number, parallelism: number): NonNullable<OperatorListHandle['own']> {
  const boundary = (index: number): number => Math.floor((index * count) / parallelism);
  return { from: boundary(subtask), to: boundary(subtask + 1) };
}

/** Equal shares in order; of what is left over, one each from `firstInTurn` on. */
function splitItems(
  items: readonly Uint8Array[],
  parallelism: number,
  firstInTurn: number,
): (readonly Uint8Array[])[] {
  const each = Math.floor(items.length / parallelism);
  const left = items.length % parallelism;
  let from = 0;
  return Array.from({ length: parallelism }, (_, subtask) => {
    const turn = (subtask - firstInTurn + parallelism) % parallelism;
    const share = items.slice(from, from + each + (turn < left ? 1 : 0));
    from += share.length;
    return share;
  });
}

/** In the same order whatever subtask is looked at first. */
function listNames(former: FormerStates): string[] {
  return [...new Set(former.flatMap((state) => Object.keys(state?.lists ?? {})))].sort();
}

function listsOf(former: FormerStates, name: string): OperatorListHandle[] {
  return former.map((state) => state?.lists[name]).filter((list) => list !== undefined);
}

function allItems(lists: readonly OperatorListHandle[]): readonly Uint8Array[] {
  return lists.flatMap(({ items }) => items);
}
