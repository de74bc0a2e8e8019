import type { JSX } from 'preact';

/** A box for each slot, taken ones filled. */
export function SlotsPicture({
  total,
  free,
}: {
  readonly total: number;
  readonly free: number;
}): JSX.Element {
  const taken = Math.max(0, total - free);
  const text = `${taken} of ${total} slots taken`;
  return (
    <div class="slots">
      <span class="slot-boxes" role="img" aria-label={text}>
        {Array.from({ length: Math.min(total, 128) }, (_, index) => (
          <span key={index} class={index < taken ? 'slot taken' : 'slot'} />
        ))}
      </span>
      <span class="faint">{text}</span>
    </div>
  );
}
