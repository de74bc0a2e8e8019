#!/usr/bin/env node
import { isSupervisor } from './supervised-child.js';
import { controlThreads, STOCK_CONTROL_HEAP } from './threads/spare-threads.js';

// To run a job takes a control plane: its thread loads while this one reads the command.
const [, , command, verb] = process.argv;
const isElsewhere = process.argv.includes('-m') || process.argv.includes('--jobmanager');
const runsHere =
  command === 'run' ? !isSupervisor(process.argv) && !isElsewhere : command === 'cluster' && verb === 'start';
if (runsHere) controlThreads.warm(STOCK_CONTROL_HEAP);
const { runCommandLine } = await import('./command-line.js');
await runCommandLine();
