/** A completed checkpoint that could not be read; id 0 where not even that could. */
export interface PassedOverCheckpoint {
  readonly checkpointId: number;
  readonly error: unknown;
}

/**
 * What a person must know of a start that falls back behind checkpoints which were complete, a line for each,
 * newest first: their results may be visible, and come again. `chosen` is the checkpoint it starts from.
 */
export function fallbackWarnings(passedOver: readonly PassedOverCheckpoint[], chosen: number): string[] {
  return passedOver.map(({ checkpointId, error }) => {
    const lost = checkpointId === 0 ? `a checkpoint newer than ${chosen}` : `checkpoint ${checkpointId}`;
    return (
      `${lost[0]?.toUpperCase()}${lost.slice(1)} was complete and cannot be read; the job falls back to ` +
      `checkpoint ${chosen}. Results that were committed between checkpoint ${chosen} and ${lost} are visible ` +
      `already and will be emitted again, so the output may hold them twice: ${String(error)}`
    );
  });
}
