import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { checkText } from './operator-settings.js';

/**
 * Names a side output of type T.
 *
 * @example
 * ```ts
 * const late = new OutputTag<Flight>('late');
 * const lateFlights = results.getSideOutput(late);
 * ```
 */
export class OutputTag<T> {
  readonly id: string;
  readonly type: TypeDescriptor<T> | undefined;

  /** @throws MillraceError MR1001 if the id is no text */
  constructor(id: string, type?: TypeDescriptor<T>) {
    checkText(id, 'id of a side output');
    this.id = id;
    this.type = type;
  }
}
