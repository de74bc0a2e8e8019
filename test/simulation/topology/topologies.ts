import type { Prng } from '../../../core/internal.js';
import { asyncWindows } from './async-topologies.js';
import { broadcastState, connected, intervalJoin } from './connected-topologies.js';
import { broadcastBeside, customPartitioned, longPipeline, unionOfOne } from './exchange-topologies.js';
import { keyedHistory, largeState, runningCounts, timers } from './keyed-topologies.js';
import { broadcastAndGlobal, mapFilter, sideOutputs } from './stateless-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';
import {
  cascadedWindows,
  sessionWindows,
  slidingWindows,
  unionWindows,
  windowAggregate,
} from './windowed-topologies.js';

/** All jobs that worlds run, by name. Keyed ones come up more often. */
export const TOPOLOGIES: Readonly<Record<string, { weight: number; draw: (kit: TopologyKit) => Topology }>> =
  {
    'map-filter': { weight: 1, draw: mapFilter },
    'broadcast-and-global': { weight: 1, draw: broadcastAndGlobal },
    'side-outputs': { weight: 1, draw: sideOutputs },
    'async-windows': { weight: 2, draw: asyncWindows },
    'window-aggregate': { weight: 3, draw: windowAggregate },
    'union-windows': { weight: 2, draw: unionWindows },
    'cascaded-windows': { weight: 2, draw: cascadedWindows },
    'session-windows': { weight: 2, draw: sessionWindows },
    'sliding-windows': { weight: 2, draw: slidingWindows },
    'running-counts': { weight: 2, draw: runningCounts },
    'keyed-history': { weight: 3, draw: keyedHistory },
    'large-state': { weight: 1, draw: largeState },
    timers: { weight: 3, draw: timers },
    connected: { weight: 2, draw: connected },
    'broadcast-state': { weight: 2, draw: broadcastState },
    'interval-join': { weight: 2, draw: intervalJoin },
    // Drawn by drawExchangeName.
    'long-pipeline': { weight: 0, draw: longPipeline },
    'custom-partitioned': { weight: 0, draw: customPartitioned },
    'broadcast-beside': { weight: 0, draw: broadcastBeside },
    'union-of-one': { weight: 0, draw: unionOfOne },
  };

/** One of those that are there for what lies in channels. */
export function drawExchangeName(prng: Prng): string {
  return prng.pick(['long-pipeline', 'custom-partitioned', 'broadcast-beside', 'union-of-one']);
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
