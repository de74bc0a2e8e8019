import {
  type Collector,
  expectNoPromise,
  type KeyedStateAccess,
  type KeyedStateHandle,
  ListStateDescriptor,
  STATE_TABLE_PREFIX,
  StateNamespace,
  stateTableType,
  TimeWindow,
  type TypeDescriptor,
  ValueStateDescriptor,
  WINDOW_CONTENTS,
  type WindowReaderFunction,
} from '../../core/internal.js';

/** Whether the windows of an operator hold anything there. */
export function hasWindows({ tables }: KeyedStateHandle): boolean {
  return tables[STATE_TABLE_PREFIX + WINDOW_CONTENTS] !== undefined;
}

/** What the current window of the current key holds, by the type that it has in the checkpoint. */
export type ReadContents<E> = () => readonly E[];

/** Asks for the contents; before the rows are restored. */
export function windowContents<E>(access: KeyedStateAccess, { tables }: KeyedStateHandle): ReadContents<E> {
  const { kind, valueType } = stateTableType(tables[STATE_TABLE_PREFIX + WINDOW_CONTENTS] ?? '');
  const type = valueType as TypeDescriptor<E>;
  if (kind === 'list') {
    const list = access.getListState(
      new ListStateDescriptor<E>(WINDOW_CONTENTS, type),
      StateNamespace.WINDOW,
    );
    return () => [...list.get()];
  }
  const value = access.getState(new ValueStateDescriptor<E>(WINDOW_CONTENTS, type), StateNamespace.WINDOW);
  return () => {
    const kept = value.value();
    return kept === undefined ? [] : [kept];
  };
}

/** What `fn` collects of the windows of a key group. */
export function* readWindowsOf<K, E, R>(
  access: KeyedStateAccess,
  contents: ReadContents<E>,
  fn: WindowReaderFunction<K, E, R>,
  keyGroup: number,
): Iterable<R> {
  const collected: R[] = [];
  const collector: Collector<R> = { collect: (value) => void collected.push(value) };
  for (const { key, start, end } of access.windowsIn(keyGroup)) {
    access.keys.setCurrentKey(key);
    access.keys.setWindow(start, end);
    const context = { window: new TimeWindow(start, end) };
    const returned: unknown = fn.readWindow(key as K, context, contents(), collector);
    expectNoPromise(returned, 'readWindow of a window reader function');
    yield* collected;
    collected.length = 0;
  }
}
