import { MillraceError } from '../base/millrace-error.js';
import type { SlotResource } from '../job/slot-resource.js';

const MEGABYTE = 1024 * 1024;

/**
 * Operators whose subtasks may share a slot, and what such a slot is to have of its TaskManager.
 *
 * @example
 * ```ts
 * const heavy = SlotSharingGroup.newBuilder('heavy')
 *   .setCpuCores(1)
 *   .setTaskHeapMemoryMB(256)
 *   .setManagedMemoryMB(512)
 *   .build();
 * env.fromSequence(1, 100).map((n) => n * 2).slotSharingGroup(heavy).print();
 * ```
 */
export class SlotSharingGroup {
  readonly name: string;
  /** Undefined: its slots have equal shares of their TaskManagers. */
  readonly resource: SlotResource | undefined;

  private constructor(name: string, resource: SlotResource | undefined) {
    this.name = name;
    this.resource = resource;
  }

  static newBuilder(name: string): SlotSharingGroupBuilder {
    return new SlotSharingGroupBuilder(name, (resource) => new SlotSharingGroup(name, resource));
  }
}

/**
 * Makes a {@link SlotSharingGroup}. Who names any size names the processors and the task heap, as in Flink; what is not
 * named then is none.
 *
 * @example
 * ```ts
 * const light = SlotSharingGroup.newBuilder('light').setCpuCores(0.5).setTaskHeapMemoryMB(64).build();
 * ```
 */
export class SlotSharingGroupBuilder {
  readonly #name: string;
  readonly #make: (resource: SlotResource | undefined) => SlotSharingGroup;
  readonly #sizes: Partial<Record<keyof SlotResource, number>> = {};

  /** As {@link SlotSharingGroup.newBuilder} makes it. */
  constructor(name: string, make: (resource: SlotResource | undefined) => SlotSharingGroup) {
    this.#name = name;
    this.#make = make;
  }

  /** @throws MillraceError MR1001 if it is not positive */
  setCpuCores(cpuCores: number): this {
    return this.#set('cpuCores', cpuCores, 1, false);
  }

  /** @throws MillraceError MR1001 if it is not positive */
  setTaskHeapMemoryMB(megabytes: number): this {
    return this.#set('taskHeapBytes', megabytes, MEGABYTE, false);
  }

  /** @throws MillraceError MR1001 if it is negative */
  setTaskOffHeapMemoryMB(megabytes: number): this {
    return this.#set('taskOffHeapBytes', megabytes, MEGABYTE, true);
  }

  /** @throws MillraceError MR1001 if it is negative */
  setManagedMemoryMB(megabytes: number): this {
    return this.#set('managedBytes', megabytes, MEGABYTE, true);
  }

  /** @throws MillraceError MR1001 if some sizes are named, and the processors or the task heap are not */
  build(): SlotSharingGroup {
    const { cpuCores, taskHeapBytes, taskOffHeapBytes = 0, managedBytes = 0 } = this.#sizes;
    if (Object.keys(this.#sizes).length === 0) return this.#make(undefined);
    if (cpuCores === undefined || taskHeapBytes === undefined) {
      throw new MillraceError('MR1001', `The slot sharing group '${this.#name}' names a part of its sizes.`, {
        hint: 'Call setCpuCores and setTaskHeapMemoryMB as well, or none of them.',
      });
    }
    return this.#make({ cpuCores, taskHeapBytes, taskOffHeapBytes, managedBytes });
  }

  #set(field: keyof SlotResource, value: number, unit: number, mayBeNone: boolean): this {
    const isSize = Number.isFinite(value) && (mayBeNone ? value >= 0 : value > 0);
    if (!isSize) {
      throw new MillraceError('MR1001', `The slot sharing group '${this.#name}' has ${field} ${value}.`, {
        hint: `Give a number${mayBeNone ? ', 0 for none' : ' above 0'}.`,
      });
    }
    this.#sizes[field] = unit === 1 ? value : Math.round(value * unit);
    return this;
  }
}
