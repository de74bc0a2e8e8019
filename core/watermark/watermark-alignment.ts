import { Watermark } from '../element/watermark.js';

/** How far the members of a group may be apart in event time. */
export interface WatermarkAlignmentParams {
  readonly group: string;
  /** Ahead of the group's least watermark, ms. */
  readonly maxDriftMs: number;
  /** How often a member tells where it is, ms. */
  readonly updateIntervalMs: number;
}

/**
 * The least watermark of each group of aligned sources, from what their subtasks tell.
 *
 * Invariants: a member counts from its first word on; one that is idle or has ended says Watermark.MAX, and
 * then holds nobody back; `announced` is what every member of the group has been told.
 */
export class WatermarkAlignment<MemberT> {
  readonly #groups = new Map<string, { readonly members: Map<MemberT, number>; announced: number }>();

  /** Returns who is to be told the group's least watermark, and what it is. */
  onReport(
    member: MemberT,
    group: string,
    watermark: number,
  ): { readonly members: readonly MemberT[]; readonly watermark: number } {
    const known = this.#groups.get(group) ?? { members: new Map(), announced: Watermark.MAX };
    this.#groups.set(group, known);
    const isNew = !known.members.has(member);
    known.members.set(member, watermark);
    const least = Math.min(...known.members.values());
    if (least !== known.announced) {
      known.announced = least;
      return { members: [...known.members.keys()], watermark: least };
    }
    return { members: isNew ? [member] : [], watermark: least };
  }

  /** It holds nobody back any more, and is told nothing. */
  remove(member: MemberT): void {
    for (const { members } of this.#groups.values()) members.delete(member);
  }
}
