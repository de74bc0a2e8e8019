import {
  type BarrierAligner,
  type Input,
  invariant,
  type OperatorChain,
  WatermarkValve,
} from '../../core/internal.js';
import { type InFlightPieces, InFlightReplay } from './in-flight-replay.js';
import { type GateChannel, type GateInput, type GateListener, InputGate } from './input-gate.js';
import { elementsOf } from './look-ahead-reader.js';
import type { OutputRoom } from './result-partition.js';
import type { TaskEnvironment, TaskInputEdge } from './task-environment.js';

/** What a gate is put before. */
export interface GateSurroundings {
  readonly environment: TaskEnvironment;
  readonly chain: OperatorChain;
  readonly aligner: BarrierAligner;
  readonly listener: GateListener;
  readonly room: OutputRoom;
  /** A valve of the gate has let a watermark through. */
  onWatermark(timestamp: number): void;
}

/** The gate of a task that has input edges; `pieces`: what was under way to it, if it was restored. */
export function assembleGate(surroundings: GateSurroundings, pieces: InFlightPieces | undefined): InputGate {
  const { environment, chain, aligner, listener, room } = surroundings;
  const channels: GateChannel[] = [];
  const perInput: number[] = [];
  const firstOfEdge = new Map<TaskInputEdge, number>();
  for (const edge of environment.inputs) {
    const { inputIndex } = edge.jobEdge;
    firstOfEdge.set(edge, perInput[inputIndex] ?? 0);
    for (const reader of edge.channels) {
      const valveChannel = perInput[inputIndex] ?? 0;
      perInput[inputIndex] = valveChannel + 1;
      channels.push({ reader: elementsOf(reader, inputAt(chain, inputIndex)), inputIndex, valveChannel });
    }
  }
  const createValve = (inputIndex: number, count: number): WatermarkValve =>
    valveBefore(inputAt(chain, inputIndex), count, surroundings);
  const inputs = perInput.map(
    (count, index): GateInput => ({ input: inputAt(chain, index), valve: createValve(index, count) }),
  );
  const gate = new InputGate(channels, inputs, aligner, listener, room);
  const restore = environment.restore?.inFlight;
  if (restore === undefined || pieces === undefined) return gate;
  const replay = new InFlightReplay(restore, pieces, {
    edges: environment.inputs,
    inputs,
    codecs: environment.codecs,
    room,
    subtask: environment.address.subtask,
    parallelism: environment.vertex.vertex.parallelism,
    valveChannelOf: (edge, producer) => (firstOfEdge.get(edge) ?? 0) + producer,
    createValve,
  });
  gate.replay(replay);
  return gate;
}

function inputAt(chain: OperatorChain, index: number): Input<unknown> {
  const input = chain.headInputs[index];
  invariant(input !== undefined, 'every input edge ends at an input of the head', { index });
  return input as Input<unknown>;
}

function valveBefore(
  input: Input<unknown>,
  channels: number,
  { onWatermark }: GateSurroundings,
): WatermarkValve {
  return new WatermarkValve(channels, {
    emitWatermark: (timestamp) => {
      input.processWatermark(timestamp);
      onWatermark(timestamp);
    },
    emitIdle: () => input.processIdle(),
    emitActive: () => input.processActive(),
  });
}
