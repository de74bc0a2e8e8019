import type { OperatorFactory } from '../operator/stream-operator.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';

/** An operator with one input, for {@link transformStream}. */
export interface OperatorTransform {
  /** As in {@link StreamNodeSpec}. */
  readonly kind: string;
  readonly name: string;
  readonly factory: (inputType: TypeDescriptor<unknown>) => OperatorFactory;
  readonly isStateful?: boolean;
}
