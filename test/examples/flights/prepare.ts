import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteFile } from 'hyparquet-writer';

/** Where the flights as they landed are kept between runs. */
export const FLIGHTS_FILE = '.millrace/flights-by-arrival.parquet';

interface FlightRow {
  readonly date: Date;
  readonly delay: bigint;
  readonly origin: string;
  readonly destination: string;
}

/** Columns of all flights, in the order of the file. */
export interface Flights {
  readonly date: Float64Array;
  readonly delay: Int32Array;
  readonly origin: string[];
  readonly destination: string[];
  readonly count: number;
}

const MINUTE_MS = 60_000;

/** Reads the 3,000,000 US flights of the first half of 2001 from the npm package vega-datasets. */
export async function readFlights(): Promise<Flights> {
  const path = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')));
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const count = Number(metadata.num_rows);
  const flights: Flights = {
    date: new Float64Array(count),
    delay: new Int32Array(count),
    origin: new Array<string>(count),
    destination: new Array<string>(count),
    count,
  };
  let row = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = row + Number(group.num_rows);
    const columns = ['date', 'delay', 'origin', 'destination'];
    const rows = await parquetReadObjects({ file, metadata, compressors, columns, rowStart: row, rowEnd });
    for (const value of rows as unknown as readonly FlightRow[]) {
      flights.date[row] = value.date.getTime();
      flights.delay[row] = Number(value.delay);
      flights.origin[row] = value.origin;
      flights.destination[row] = value.destination;
      row++;
    }
  }
  return flights;
}

/** Row numbers in the order in which the flights landed: by `date + delay`, then as in the file. */
export function arrivalOrder(flights: Flights): Uint32Array {
  const landed = new Float64Array(flights.count);
  const order = new Uint32Array(flights.count);
  for (let i = 0; i < flights.count; i++) {
    landed[i] = (flights.date[i] ?? 0) + (flights.delay[i] ?? 0) * MINUTE_MS;
    order[i] = i;
  }
  return order.sort((a, b) => (landed[a] ?? 0) - (landed[b] ?? 0) || a - b);
}

/** Writes the flights, sorted once by the time they landed, unless that was done before. */
export async function prepareFlights(path: string, log: (line: string) => void): Promise<void> {
  if (existsSync(path)) return;
  log('Sorting 3,000,000 flights by the time they landed (once) ...');
  const flights = await readFlights();
  const order = arrivalOrder(flights);
  const pick = <T>(column: { readonly [index: number]: T | undefined }, otherwise: T): T[] =>
    Array.from(order, (row) => column[row] ?? otherwise);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await parquetWriteFile({
    filename: draft,
    rowGroupSize: 50_000,
    columnData: [
      { name: 'date', data: pick(flights.date, 0).map((ms) => new Date(ms)), type: 'TIMESTAMP' },
      { name: 'delay', data: pick(flights.delay, 0), type: 'INT32' },
      { name: 'origin', data: pick(flights.origin, ''), type: 'STRING' },
      { name: 'destination', data: pick(flights.destination, ''), type: 'STRING' },
    ],
  });
  await rename(draft, path);
}
