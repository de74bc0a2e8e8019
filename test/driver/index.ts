/** The package's door `millrace/testing`: faults for a user's own jobs. */
export { StorageOutage } from './storage-outage.js';
export { endsItsThread, type ThreadEnd, threadEndPlan } from './thread-ends.js';
