import { asyncWindows } from './async-topologies.js';
import { broadcastState, connected, intervalJoin } from './connected-topologies.js';
import { evolvingStates } from './evolving-topologies.js';
import { broadcastBeside, customPartitioned, longPipeline, unionOfOne } from './exchange-topologies.js';
import { givenCounts } from './given-topologies.js';
import { idleInputs } from './idle-topologies.js';
import { aggregations, coFunctions, windowJoins } from './joined-topologies.js';
import { jsonLines } from './json-topologies.js';
import { keyedHistory, largeState, runningCounts, timers } from './keyed-topologies.js';
import { lateWindows } from './late-topologies.js';
import { keyedPartitions } from './partition-topologies.js';
import { apartPipelines, forwardLanes } from './region-topologies.js';
import { clockTimers, fleetingStates, foldedStates } from './state-topologies.js';
import { broadcastAndGlobal, mapFilter, sideOutputs } from './stateless-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';
import { triggeredWindows } from './trigger-topologies.js';
import { typedRecords } from './typed-topologies.js';
import {
  cascadedWindows,
  sessionWindows,
  slidingWindows,
  unionWindows,
  windowAggregate,
} from './windowed-topologies.js';

interface TopologyEntry {
  /** How often it comes up. */
  readonly weight: number;
  /** Whether it keeps state by key behind an exchange. */
  readonly keyed: boolean;
  readonly sources: 1 | 2;
  readonly draw: (kit: TopologyKit) => Topology;
}

/** All jobs that worlds run, by name. */
export const TOPOLOGIES: Readonly<Record<string, TopologyEntry>> = {
  'map-filter': { weight: 1, keyed: false, sources: 1, draw: mapFilter },
  'broadcast-and-global': { weight: 1, keyed: false, sources: 1, draw: broadcastAndGlobal },
  'side-outputs': { weight: 1, keyed: false, sources: 1, draw: sideOutputs },
  'json-lines': { weight: 1, keyed: false, sources: 1, draw: jsonLines },
  'async-windows': { weight: 4, keyed: true, sources: 1, draw: asyncWindows },
  'window-aggregate': { weight: 6, keyed: true, sources: 1, draw: windowAggregate },
  'union-windows': { weight: 4, keyed: true, sources: 2, draw: unionWindows },
  'cascaded-windows': { weight: 4, keyed: true, sources: 1, draw: cascadedWindows },
  'session-windows': { weight: 4, keyed: true, sources: 1, draw: sessionWindows },
  'sliding-windows': { weight: 4, keyed: true, sources: 1, draw: slidingWindows },
  'triggered-windows': { weight: 5, keyed: true, sources: 1, draw: triggeredWindows },
  'idle-inputs': { weight: 5, keyed: true, sources: 2, draw: idleInputs },
  'late-windows': { weight: 4, keyed: true, sources: 1, draw: lateWindows },
  'folded-states': { weight: 3, keyed: true, sources: 1, draw: foldedStates },
  'fleeting-states': { weight: 3, keyed: true, sources: 1, draw: fleetingStates },
  'clock-timers': { weight: 3, keyed: true, sources: 1, draw: clockTimers },
  'typed-records': { weight: 1, keyed: true, sources: 1, draw: typedRecords },
  'window-joins': { weight: 3, keyed: true, sources: 2, draw: windowJoins },
  'co-functions': { weight: 2, keyed: false, sources: 2, draw: coFunctions },
  aggregations: { weight: 3, keyed: true, sources: 1, draw: aggregations },
  'running-counts': { weight: 4, keyed: true, sources: 1, draw: runningCounts },
  'given-counts': { weight: 4, keyed: true, sources: 1, draw: givenCounts },
  'keyed-history': { weight: 4, keyed: true, sources: 1, draw: keyedHistory },
  'evolving-states': { weight: 2, keyed: true, sources: 1, draw: evolvingStates },
  'large-state': { weight: 5, keyed: true, sources: 1, draw: largeState },
  timers: { weight: 6, keyed: true, sources: 2, draw: timers },
  connected: { weight: 4, keyed: true, sources: 2, draw: connected },
  'broadcast-state': { weight: 4, keyed: true, sources: 2, draw: broadcastState },
  'interval-join': { weight: 4, keyed: true, sources: 2, draw: intervalJoin },
  // For what lies in channels.
  'long-pipeline': { weight: 2, keyed: false, sources: 1, draw: longPipeline },
  'custom-partitioned': { weight: 2, keyed: false, sources: 1, draw: customPartitioned },
  'broadcast-beside': { weight: 1, keyed: false, sources: 2, draw: broadcastBeside },
  'union-of-one': { weight: 2, keyed: true, sources: 2, draw: unionOfOne },
  // Only of batches.
  'keyed-partitions': { weight: 0, keyed: true, sources: 1, draw: keyedPartitions },
  // They fall apart into regions.
  'apart-pipelines': { weight: 4, keyed: true, sources: 2, draw: apartPipelines },
  'forward-lanes': { weight: 3, keyed: false, sources: 1, draw: forwardLanes },
};

/** Whether its output is the same at every parallelism. */
export function isRescalable(topology: string): boolean {
  return topology !== 'broadcast-and-global';
}

/** Whether a part of it can be restarted alone. */
export function hasRegions(topology: string): boolean {
  return topology === 'apart-pipelines' || topology === 'forward-lanes';
}

/** A name, drawn by the weights. */
export function drawTopologyName(point: number): string {
  const entries = Object.entries(TOPOLOGIES);
  const sum = entries.reduce((total, [, { weight }]) => total + weight, 0);
  let left = point * sum;
  for (const [name, { weight }] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'window-aggregate';
}
