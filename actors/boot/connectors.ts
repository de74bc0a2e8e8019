/** The connectors that come with the package, from the room that holds them. */
export {
  type CsvSourceOptions,
  FileSink,
  type FileSinkOptions,
  FileSource,
  type FileSourceOptions,
  type JsonFileSinkOptions,
  type LineSourceOptions,
} from '../../storage/index.js';
