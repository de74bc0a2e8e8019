import type { V8HeapLimits } from '../../../memory/index.js';
import { SpareThread } from './spare-thread.js';

/** Threads of the control plane. Warmed by a command that is going to need one. */
export const controlThreads = new SpareThread(new URL('../control-thread.js', import.meta.url));

/** Threads that build a graph. Warmed by the control plane when it starts. */
export const graphBuilderThreads = new SpareThread(new URL('../graph-builder-thread.js', import.meta.url));

/** The heap of a control thread that is warmed before the configuration is read: that of the defaults. */
export const STOCK_CONTROL_HEAP: V8HeapLimits = { maxOldGenerationSizeMb: 112, maxYoungGenerationSizeMb: 16 };
