/**
 * The closed table of error codes. A code never changes its meaning and is never reused.
 *
 * Ranges: 1xxx job and graph building, 2xxx types, state and restore, 3xxx checkpoints and storage,
 * 4xxx configuration and memory, 5xxx running tasks and user functions, 6xxx connectors,
 * 7xxx command line, 8xxx job identity and leadership, 9xxx internal.
 *
 * `fatal`: the next attempt must meet it again, so no restart strategy is asked.
 * `retryable`: the restart strategy decides.
 */
export const ERROR_TABLE = {
  // 1xxx: building a job
  MR1001: { kind: 'fatal', title: 'Invalid argument to the stream API' },
  MR1002: { kind: 'fatal', title: 'Duplicate operator uid' },
  MR1003: { kind: 'fatal', title: 'The job module has no default export made by defineJob' },
  MR1004: { kind: 'fatal', title: 'A cluster cannot be started from inside a task or a graph builder' },
  MR1005: { kind: 'fatal', title: 'The job graph has no operator that could run' },
  MR1006: { kind: 'fatal', title: 'The graph of this thread differs from the submitted one' },
  MR1007: { kind: 'fatal', title: 'A job parameter is missing' },
  MR1008: { kind: 'fatal', title: 'A job parameter has the wrong form' },
  MR1009: { kind: 'fatal', title: 'The job module threw while its graph was built' },
  MR1010: { kind: 'fatal', title: 'A cached file cannot be used' },
  // 2xxx: types and state
  MR2001: { kind: 'fatal', title: 'Invalid type descriptor' },
  MR2002: { kind: 'retryable', title: 'A value does not have its declared type' },
  MR2003: { kind: 'retryable', title: 'Bytes could not be decoded' },
  MR2004: { kind: 'fatal', title: 'A key of an unsupported type' },
  MR2005: { kind: 'fatal', title: 'State was used without a current key' },
  MR2006: { kind: 'fatal', title: 'State is registered twice with different types' },
  MR2007: { kind: 'fatal', title: 'A key belongs to another subtask' },
  MR2008: { kind: 'fatal', title: 'A row of state finds no room in managed memory' },
  MR2011: { kind: 'fatal', title: 'Broadcast state was changed where it may only be read' },
  MR2009: { kind: 'fatal', title: 'State of a window where windows merge' },
  MR2101: { kind: 'fatal', title: 'The checkpoint belongs to another graph' },
  MR2102: { kind: 'fatal', title: 'The checkpoint was taken with other key groups' },
  MR2103: { kind: 'fatal', title: 'The declared type of a state differs from the one in the checkpoint' },
  MR2104: { kind: 'fatal', title: 'In-flight data of the checkpoint fits no edge of the job' },
  // 3xxx: checkpoints and storage
  MR3001: { kind: 'retryable', title: 'A storage operation failed' },
  MR3002: { kind: 'fatal', title: 'The storage folder cannot be written' },
  MR3003: { kind: 'retryable', title: 'The disk is full' },
  MR3004: { kind: 'fatal', title: 'A stored file is corrupt' },
  MR3005: { kind: 'fatal', title: 'No readable checkpoint where one was expected' },
  MR3006: { kind: 'retryable', title: 'Exceeded checkpoint tolerable failure threshold' },
  MR3007: { kind: 'retryable', title: 'A snapshot failed' },
  MR3008: { kind: 'fatal', title: 'A stored object was expected and is missing' },
  MR3009: { kind: 'fatal', title: 'The object store cannot tell who was the first to create an object' },
  MR3010: { kind: 'fatal', title: 'The state belongs to another job' },
  MR3011: { kind: 'fatal', title: 'Keyed state has reached its disk quota' },
  // 4xxx: configuration and memory
  MR4001: { kind: 'fatal', title: 'Unknown configuration key' },
  MR4002: { kind: 'fatal', title: 'Invalid configuration value' },
  MR4003: { kind: 'fatal', title: 'Memory configuration failed' },
  MR4004: { kind: 'fatal', title: 'Insufficient number of network buffers' },
  MR4005: { kind: 'fatal', title: 'The memory plan is too small for the tasks of the job' },
  MR4006: { kind: 'fatal', title: 'The REST server cannot be started' },
  MR4007: { kind: 'fatal', title: 'A slot sharing group asks for more than can be had' },
  // 5xxx: running tasks
  MR5001: { kind: 'retryable', title: 'A user function threw' },
  MR5002: { kind: 'fatal', title: 'A user function returned a promise where it must be synchronous' },
  MR5003: { kind: 'retryable', title: 'A task thread exited' },
  MR5004: { kind: 'retryable', title: 'A task thread is stuck' },
  MR5005: { kind: 'retryable', title: 'A task thread ran out of memory' },
  MR5006: { kind: 'fatal', title: 'The job failed and its restart strategy gave up' },
  MR5007: { kind: 'fatal', title: 'The job was cancelled' },
  MR5008: { kind: 'retryable', title: 'A task could not be started' },
  MR5009: { kind: 'fatal', title: 'A record has no timestamp where event time is needed' },
  MR5010: { kind: 'retryable', title: 'An asynchronous request took too long' },
  MR5011: { kind: 'fatal', title: 'A function handed on a result outside of its calls' },
  MR5012: { kind: 'fatal', title: 'The process of the job died and is not started again' },
  MR5013: { kind: 'fatal', title: 'The job was not rescaled' },
  MR5014: { kind: 'retryable', title: 'There are too few slots for the job' },
  MR5015: { kind: 'retryable', title: 'A TaskManager was lost' },
  MR5016: { kind: 'fatal', title: 'A simulated job did not come to the right results' },
  // 6xxx: connectors
  MR6001: { kind: 'fatal', title: 'Malformed input' },
  MR6002: { kind: 'fatal', title: 'No input was found' },
  MR6003: { kind: 'retryable', title: 'A source could not be read' },
  MR6004: { kind: 'retryable', title: 'A sink could not be written' },
  MR6005: { kind: 'fatal', title: 'A pending output file is missing at commit' },
  MR6006: { kind: 'fatal', title: 'The name of an output file is taken by another file' },
  MR6007: { kind: 'fatal', title: 'Nobody reads standard output any more' },
  // 7xxx: command line
  MR7001: { kind: 'fatal', title: 'Usage' },
  MR7002: { kind: 'fatal', title: 'The cluster knows no such thing' },
  MR7003: { kind: 'fatal', title: 'A request is malformed' },
  MR7004: { kind: 'fatal', title: 'No cluster answers' },
  MR7005: { kind: 'fatal', title: 'The cluster refused a request' },
  // 8xxx: job identity
  MR8001: { kind: 'fatal', title: 'The job is unfinished' },
  MR8002: { kind: 'fatal', title: 'The job already runs in another process' },
  MR8003: { kind: 'fatal', title: 'The leadership of this job was lost' },
  // 9xxx: internal
  MR9001: { kind: 'retryable', title: 'An invariant of the engine does not hold' },
  MR9002: { kind: 'retryable', title: 'An unexpected error' },
} as const satisfies Record<string, { readonly kind: 'fatal' | 'retryable'; readonly title: string }>;

/** A code of the table, such as `MR5001`. */
export type ErrorCode = keyof typeof ERROR_TABLE;
