import fc from 'fast-check';
import t from 'tap';
import { ResourceManager } from '../../core/job/resource-manager.js';
import type { GrantedSlot, SlotRequirement } from '../../core/job/slot-sharing.js';
import { check } from '../check.js';

type Command =
  | { readonly kind: 'register'; readonly manager: number; readonly slots: number | undefined }
  | { readonly kind: 'unregister' | 'retire'; readonly manager: number }
  | {
      readonly kind: 'declare';
      readonly job: number;
      readonly counts: readonly [number, number];
      readonly keeps: boolean;
    }
  | { readonly kind: 'release'; readonly job: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('register' as const),
    manager: fc.nat(3),
    slots: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  }),
  fc.record({ kind: fc.constantFrom('unregister' as const, 'retire' as const), manager: fc.nat(3) }),
  fc.record({
    kind: fc.constant('declare' as const),
    job: fc.nat(3),
    counts: fc.tuple(fc.nat(4), fc.nat(2)),
    /** It has use for what it has, and gives none back. */
    keeps: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('release' as const), job: fc.nat(3) }),
);

/** What the jobs have been told, beside what the manager says of itself. */
class Watched {
  readonly manager: ResourceManager;
  readonly managers = new Map<string, number | undefined>();
  readonly declared = new Map<string, readonly SlotRequirement[]>();
  readonly told = new Map<string, readonly GrantedSlot[]>();
  readonly retiring = new Set<string>();
  /** What they had been told before the last command. */
  #before = new Map<string, readonly GrantedSlot[]>();

  constructor(mode: 'NONE' | 'SLOTS' | 'TASKS') {
    this.manager = new ResourceManager(mode);
  }

  run(next: Command): void {
    this.#before = new Map(this.told);
    const grants = this.#apply(next);
    for (const { jobId, slots } of grants) this.told.set(jobId, slots);
    this.#mustHold();
  }

  #apply(next: Command): ReturnType<ResourceManager['release']> {
    switch (next.kind) {
      case 'register': {
        const id = `tm-${next.manager}`;
        if (this.managers.has(id)) return [];
        this.managers.set(id, next.slots);
        return this.manager.register({ id, slots: next.slots });
      }
      case 'retire':
        if (this.managers.has(`tm-${next.manager}`)) this.retiring.add(`tm-${next.manager}`);
        return this.manager.retire(`tm-${next.manager}`);
      case 'unregister':
        this.retiring.delete(`tm-${next.manager}`);
        this.managers.delete(`tm-${next.manager}`);
        return this.manager.unregister(`tm-${next.manager}`);
      case 'declare': {
        const [a, b] = next.counts;
        const requirements = [
          { group: 'a', count: a },
          { group: 'b', count: b },
        ];
        const jobId = `job-${next.job}`;
        this.declared.set(jobId, requirements);
        return this.manager.declare(jobId, requirements, this.#returned(jobId, requirements, next.keeps));
      }
      case 'release':
        this.declared.delete(`job-${next.job}`);
        this.told.delete(`job-${next.job}`);
        return this.manager.release(`job-${next.job}`);
    }
  }

  /** Of each group the last ones, and what goes. */
  #returned(jobId: string, requirements: readonly SlotRequirement[], keeps: boolean): readonly GrantedSlot[] {
    const own = keeps ? [] : (this.told.get(jobId) ?? []);
    return requirements.flatMap(({ group, count }) => {
      const [going, staying] = [true, false].map((retires) =>
        own.filter((slot) => slot.group === group && (slot.retiring === true) === retires),
      );
      return [...(going ?? []), ...(staying ?? []).slice(count)];
    });
  }

  #mustHold(): void {
    const overview = this.manager.taskManagers();
    const held = new Set<string>();
    for (const { id, slots, allocated } of overview) {
      if (!this.managers.has(id)) throw new Error(`${id} has gone`);
      if (allocated.length > slots) throw new Error(`${id} gives more than it has`);
      for (const { index, jobId, group } of allocated) {
        const limit = this.managers.get(id);
        if (limit !== undefined && index >= limit) throw new Error(`${id} has no slot ${index}`);
        if (held.has(`${id}/${index}`)) throw new Error(`${id}/${index} is given twice`);
        held.add(`${id}/${index}`);
        const knows = this.told.get(jobId)?.some((s) => s.taskManagerId === id && s.index === index);
        if (knows !== true) throw new Error(`${jobId} was not told of its slot in ${group}`);
      }
    }
    const told = [...this.told.values()].reduce((sum, slots) => sum + slots.length, 0);
    if (told !== held.size) throw new Error('a job believes to have what it has not');
    this.#mustSpareRetiring();
    const staying = overview.filter(({ id }) => !this.retiring.has(id));
    this.#mustBeDealt(staying.reduce((sum, { slots, allocated }) => sum + slots - allocated.length, 0));
  }

  #mustSpareRetiring(): void {
    const had = (jobId: string, slot: GrantedSlot): boolean =>
      this.#before
        .get(jobId)
        ?.some(({ taskManagerId, index }) => taskManagerId === slot.taskManagerId && index === slot.index) ===
      true;
    for (const [jobId, slots] of this.told) {
      for (const slot of slots) {
        const retires = this.retiring.has(slot.taskManagerId);
        if ((slot.retiring === true) !== retires) throw new Error(`${jobId} was not told that one goes`);
        if (retires && !had(jobId, slot)) throw new Error(`${jobId} was given what goes`);
      }
    }
  }

  #mustBeDealt(free: number): void {
    const elastic = [...this.managers].some(([id, slots]) => slots === undefined && !this.retiring.has(id));
    for (const [jobId, requirements] of this.declared) {
      const own = this.told.get(jobId) ?? [];
      const missing = requirements.reduce((sum, requirement) => sum + missingOf(requirement, own), 0);
      for (const requirement of requirements) {
        const had = (this.#before.get(jobId) ?? []).filter(({ group }) => group === requirement.group).length;
        const has = own.filter(({ group }) => group === requirement.group).length;
        if (has > Math.max(requirement.count, had)) throw new Error(`${jobId} was given too many`);
      }
      if (missing > 0 && (elastic || missing <= free)) throw new Error(`${jobId} waits in vain`);
      const within = this.manager.within(jobId);
      const staying = own.filter(({ taskManagerId }) => !this.retiring.has(taskManagerId)).length;
      if (within !== (elastic ? Number.POSITIVE_INFINITY : staying + free))
        throw new Error(`${jobId} could have ${within}`);
    }
  }
}

function missingOf({ group, count }: SlotRequirement, own: readonly GrantedSlot[]): number {
  return Math.max(0, count - own.filter((slot) => slot.group === group).length);
}

t.test('each slot has one holder, who was told, and what can be given is', (t) => {
  check(
    'resource manager',
    fc.property(
      fc.constantFrom('NONE' as const, 'SLOTS' as const, 'TASKS' as const),
      fc.array(command, { maxLength: 40 }),
      (mode, commands) => {
        const watched = new Watched(mode);
        for (const next of commands) watched.run(next);
      },
    ),
  );
  t.end();
});
