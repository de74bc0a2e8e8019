import { TaskThread } from '../../actors/boot/task-threads/task-thread.js';

/**
 * `node --import hanging-preload.js hanging-thread-process.js LOADING_MS`: ends a task thread that never loads. Prints
 * `destroyed` once it is gone.
 */
const heap = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
const thread = new TaskThread({ heap, opensLmdb: false, speaksS3: false });
await thread.destroy(Number(process.argv[2]));
console.log('destroyed');
