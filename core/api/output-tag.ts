import type { TypeDescriptor } from '../serde/type-descriptor.js';

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

  constructor(id: string, type?: TypeDescriptor<T>) {
    this.id = id;
    this.type = type;
  }
}
