import { types } from '../../core/serde/types.js';
import { ListStateDescriptor, MapStateDescriptor } from '../../core/state/state-descriptor.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { KeyedStateBench } from './keyed-state-bench.js';

/** Adding to a list, and putting into a map, of a million elements, against the same on many that are empty. */
const ELEMENTS = SMALL ? 1000 : 1_000_000;
const ADDED = SMALL ? 500 : 200_000;
const RUNS = SMALL ? 1 : 5;
const MANAGED_BYTES = 512 * 1024 * 1024;
const LARGE = -1;

const report = new Report('collections');
const bench = await KeyedStateBench.open(MANAGED_BYTES);
const { keys } = bench.access;
const list = bench.access.getListState(new ListStateDescriptor('list', types.float64));
const map = bench.access.getMapState(new MapStateDescriptor('map', types.int32, types.float64));
keys.setCurrentKey(LARGE);
for (let i = 0; i < ELEMENTS; i++) {
  list.add(i);
  map.put(i, i);
}
let nextElement = ELEMENTS;
let nextKey = 0;

/** Nanoseconds of each of many calls of `add`, all on the large collection or each on an empty one. */
function each(add: (i: number) => void, toLarge: boolean): number {
  const first = toLarge ? nextElement : nextKey;
  const start = cpuNanoseconds();
  for (let i = first; i < first + ADDED; i++) {
    keys.setCurrentKey(toLarge ? LARGE : i);
    add(i);
  }
  return (cpuNanoseconds() - start) / ADDED;
}

function compare(name: string, add: (i: number) => void): void {
  const empty: number[] = [];
  const large: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    empty.push(each(add, false));
    nextKey += ADDED;
    large.push(each(add, true));
    nextElement += ADDED;
  }
  report.value(`${name}: empty`, 1e6 / medianOf(empty), 'k/s');
  report.value(`${name}: 1 M elements`, 1e6 / medianOf(large), 'k/s');
  report.ratio(`${name}: large to empty`, `${name}: 1 M elements`, `${name}: empty`, 0.95);
}

compare('ListState.add', (i) => list.add(i));
compare('MapState.put', (i) => map.put(i, i));
await bench.close();
process.exitCode = report.finish() ? 0 : 1;
