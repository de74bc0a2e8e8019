import type { JSX } from 'preact';
import { bytesText, percentText } from '../model/figures.js';
import type { MemoryConfiguration } from '../model/flink-json.js';
import { type MemoryPart, memoryLeaves, memoryParts } from '../model/memory-parts.js';
import { Table } from './parts.js';

/** The plan in one line: its parts side by side, as wide as they are large. */
export function MemoryStrip({ memory }: { readonly memory: MemoryConfiguration }): JSX.Element {
  const whole = memoryParts(memory);
  return (
    <div class="memory-strip">
      <span class="strip" role="img" aria-label={`Memory: ${bytesText(whole.bytes)} in all`}>
        {memoryLeaves(whole)
          .filter(({ bytes }) => bytes > 0)
          .map(({ name, kind, bytes }) => (
            <span
              key={name}
              class={`memory-${kind}`}
              style={{ flexGrow: String(bytes) }}
              title={`${name}: ${bytesText(bytes)}`}
            />
          ))}
      </span>
      <span class="faint">{bytesText(whole.bytes)} for the process</span>
    </div>
  );
}

/** The plan as Flink draws it: boxes within boxes, and the figures beside. */
export function MemoryPicture({ memory }: { readonly memory: MemoryConfiguration }): JSX.Element {
  const whole = memoryParts(memory);
  return (
    <div class="memory">
      <div class="memory-boxes" aria-hidden="true">
        <MemoryBox part={whole} whole={whole.bytes} />
      </div>
      <Table
        label="Memory plan"
        head={[['Part'], ['Bytes', 'number'], ['Size', 'number'], ['Share', 'number'], ['Used for']]}
      >
        {rowsOf(whole, 0).map(({ part, depth }) => (
          <tr key={part.name}>
            <th scope="row" class={`depth-${depth}`}>
              {part.kind !== undefined && <span class={`swatch memory-${part.kind}`} aria-hidden="true" />}
              {part.name}
            </th>
            <td class="number">{part.bytes}</td>
            <td class="number">{bytesText(part.bytes)}</td>
            <td class="number">{percentText(whole.bytes === 0 ? undefined : part.bytes / whole.bytes)}</td>
            <td class="faint">{part.use}</td>
          </tr>
        ))}
      </Table>
    </div>
  );
}

function rowsOf(
  part: MemoryPart,
  depth: number,
): readonly { readonly part: MemoryPart; readonly depth: number }[] {
  return [{ part, depth }, ...part.parts.flatMap((inner) => rowsOf(inner, depth + 1))];
}

/** A part is as high as it is large, though never too low for its name. */
function MemoryBox({ part, whole }: { readonly part: MemoryPart; readonly whole: number }): JSX.Element {
  const name = `${part.name} · ${bytesText(part.bytes)}`;
  if (part.parts.length === 0) {
    const share = whole === 0 ? 0 : part.bytes / whole;
    return (
      <div
        class={`memory-leaf memory-${part.kind}`}
        style={{ flexGrow: String(Math.max(0.02, share) * 100) }}
        title={name}
      >
        <span>{part.name}</span>
        <span>{bytesText(part.bytes)}</span>
      </div>
    );
  }
  return (
    <div class="memory-box" style={{ flexGrow: String(whole === 0 ? 1 : (part.bytes / whole) * 100) }}>
      <div class="memory-name">{name}</div>
      {part.parts.map((inner) => (
        <MemoryBox key={inner.name} part={inner} whole={whole} />
      ))}
    </div>
  );
}
