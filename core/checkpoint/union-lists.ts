import type { OperatorListHandle, OperatorStateHandle, SubtaskSnapshot } from './snapshot-handle.js';

type Subtasks = readonly (SubtaskSnapshot | 'finished')[];

/**
 * What is stored of the lists that the subtasks of a vertex have as they were restored, each of them whole. Of a list
 * that none of them has asked for, each gives its own part, so that it stays as it was. Where some have asked, they
 * counted on the others to have it too, and where some have ended, only the others have their part: then all give the
 * whole.
 */
export function storedSubtasks(subtasks: Subtasks): Subtasks {
  if (!subtasks.some((subtask) => subtask !== 'finished' && listsOf(subtask).some(hasOwnPart)))
    return subtasks;
  const isWhole = !subtasks.includes('finished');
  return subtasks.map((subtask) => {
    if (subtask === 'finished') return subtask;
    const operators = Object.entries(subtask.operators).map(
      ([uid, handle]): [string, OperatorStateHandle] => {
        const lists = Object.entries(handle.lists).map(([name, list]): [string, OperatorListHandle] => [
          name,
          isWhole && isUnclaimed(subtasks, uid, name) ? ownPartOf(list) : withoutOwn(list),
        ]);
        return [uid, { ...handle, lists: Object.fromEntries(lists) }];
      },
    );
    return { ...subtask, operators: Object.fromEntries(operators) };
  });
}

function listsOf({ operators }: SubtaskSnapshot): readonly OperatorListHandle[] {
  return Object.values(operators).flatMap(({ lists }) => Object.values(lists));
}

function hasOwnPart({ own }: OperatorListHandle): boolean {
  return own !== undefined;
}

/** No subtask has asked for the list. */
function isUnclaimed(subtasks: Subtasks, uid: string, name: string): boolean {
  return subtasks.every((subtask) => {
    const list = subtask === 'finished' ? undefined : subtask.operators[uid]?.lists[name];
    return list === undefined || hasOwnPart(list);
  });
}

function ownPartOf({ mode, items, own }: OperatorListHandle): OperatorListHandle {
  return { mode, items: items.slice(own?.from, own?.to) };
}

function withoutOwn({ mode, items }: OperatorListHandle): OperatorListHandle {
  return { mode, items };
}
