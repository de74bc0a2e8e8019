import { ElementKind, invariant, type RecordCodec } from '../../../core/internal.js';
import {
  type ChannelHandle,
  ChannelReader,
  ChannelWriter,
  type LocalBufferPool,
  type SegmentPool,
} from '../../../memory/index.js';
import type { WorldVerdict } from '../world-failure.js';

/** What went into a channel; by the shared memory and the place of its control block, as its ends share no object. */
interface Ledger {
  records: number;
  watermark: number;
  /** Records before the barrier of each checkpoint. */
  readonly barriers: Map<number, number>;
}

interface Observation {
  readonly ledger: Ledger;
  readonly verdict: WorldVerdict;
}

/**
 * Watches the channels of one attempt at both ends.
 *
 * What must hold: what goes in comes out, all of it, in order; watermarks of a channel never fall; barrier
 * ids grow; after the end of data come barriers only, after the end of the partition nothing; every segment
 * is in exactly one place.
 */
export class ChannelChecker {
  readonly #ledgers = new Map<SharedArrayBuffer, Map<number, Ledger>>();
  readonly #pools: LocalBufferPool[] = [];
  readonly #verdict: WorldVerdict;
  readonly #recordsBegun: boolean;

  /** `recordsBegun`: whether the readers record what they have begun. */
  constructor(verdict: WorldVerdict, recordsBegun: boolean) {
    this.#verdict = verdict;
    this.#recordsBegun = recordsBegun;
  }

  writer(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
  ): ChannelWriter<unknown> {
    return new ObservedWriter(handle, buffers, codec, {
      ledger: this.#ledgerOf(handle),
      verdict: this.#verdict,
    });
  }

  reader(handle: ChannelHandle, pool: SegmentPool, codec: RecordCodec<unknown>): ChannelReader<unknown> {
    const observation = { ledger: this.#ledgerOf(handle), verdict: this.#verdict };
    return this.#recordsBegun
      ? new ObservedReader(handle, pool, codec, observation)
      : new ForgetfulReader(handle, pool, codec, observation);
  }

  audits(buffers: LocalBufferPool): void {
    this.#pools.push(buffers);
  }

  audit(): void {
    for (const pool of this.#pools) {
      try {
        pool.audit();
      } catch (error) {
        this.#verdict.fail('wrong', `Channels: ${String(error)}`, error);
      }
    }
  }

  #ledgerOf({ control, controlBase }: ChannelHandle): Ledger {
    const partition = this.#ledgers.get(control) ?? new Map<number, Ledger>();
    this.#ledgers.set(control, partition);
    const ledger = partition.get(controlBase) ?? {
      records: 0,
      watermark: Number.NEGATIVE_INFINITY,
      barriers: new Map(),
    };
    partition.set(controlBase, ledger);
    return ledger;
  }
}

class ObservedWriter extends ChannelWriter<unknown> {
  readonly #ledger: Ledger;
  readonly #verdict: WorldVerdict;
  #ended: 'no' | 'data' | 'all' = 'no';

  constructor(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    observation: Observation,
  ) {
    super(handle, buffers, codec);
    this.#ledger = observation.ledger;
    this.#verdict = observation.verdict;
  }

  override writeRecord(value: unknown, timestamp: number): void {
    this.#must(this.#ended === 'no', 'no record is written after the end of data');
    super.writeRecord(value, timestamp);
    this.#ledger.records++;
  }

  override writeWatermark(timestamp: number): void {
    this.#must(this.#ended === 'no', 'no watermark is written after the end of data');
    this.#must(
      timestamp >= this.#ledger.watermark,
      `a watermark falls from ${this.#ledger.watermark} to ${timestamp}`,
    );
    this.#ledger.watermark = timestamp;
    super.writeWatermark(timestamp);
  }

  override writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    this.#must(this.#ended !== 'all', 'no barrier is written after the end of the partition');
    this.#must(!this.#ledger.barriers.has(checkpointId), `barrier ${checkpointId} is written twice`);
    this.#ledger.barriers.set(checkpointId, this.#ledger.records);
    super.writeBarrier(checkpointId, timestamp, isSavepoint);
  }

  override writeEndOfData(): void {
    this.#must(this.#ended === 'no', 'data ends once');
    this.#ended = 'data';
    super.writeEndOfData();
  }

  override writeEndOfPartition(): void {
    this.#must(this.#ended === 'data', 'a partition ends once, after its data');
    this.#ended = 'all';
    super.writeEndOfPartition();
  }

  #must(holds: boolean, rule: string): void {
    if (!holds) this.#verdict.fail('wrong', `Channels: ${rule}.`);
  }
}

class ObservedReader extends ChannelReader<unknown> {
  readonly #ledger: Ledger;
  readonly #verdict: WorldVerdict;
  #records = 0;
  #watermark = Number.NEGATIVE_INFINITY;
  #barrier = -1;
  #dataEnded = false;
  #reading = false;
  #ended = false;

  constructor(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    observation: Observation,
  ) {
    super(handle, pool, codec);
    this.#ledger = observation.ledger;
    this.#verdict = observation.verdict;
  }

  /** The reader calls itself where an element takes several steps; only the outermost call is seen. */
  override next(): ElementKind {
    if (this.#reading) return super.next();
    this.#reading = true;
    const kind = super.next();
    this.#reading = false;
    if (kind === ElementKind.NONE) return kind;
    this.#must(!this.#ended, 'nothing comes after the end of the partition');
    if (kind === ElementKind.RECORD) {
      this.#must(!this.#dataEnded, 'no record comes after the end of data');
      this.#records++;
      this.#must(this.#records <= this.#ledger.records, 'no more records come out than went in');
    } else this.#onControl(kind);
    return kind;
  }

  #onControl(kind: ElementKind): void {
    switch (kind) {
      case ElementKind.WATERMARK:
        this.#must(!this.#dataEnded, 'no watermark comes after the end of data');
        this.#must(this.timestamp >= this.#watermark, 'the watermarks of a channel never fall');
        this.#watermark = this.timestamp;
        return;
      case ElementKind.BARRIER: {
        const { checkpointId } = this;
        this.#must(checkpointId > this.#barrier, `barrier ${checkpointId} comes after ${this.#barrier}`);
        this.#barrier = checkpointId;
        const before = this.#ledger.barriers.get(checkpointId);
        this.#must(
          before === this.#records,
          `${this.#records} records come before barrier ${checkpointId}, ${before} went in before it`,
        );
        return;
      }
      case ElementKind.END_OF_DATA:
        this.#dataEnded = true;
        this.#must(
          this.#records === this.#ledger.records,
          'every record that went in has come out at the end',
        );
        return;
      case ElementKind.END_OF_PARTITION:
        this.#ended = true;
        return;
      default:
        invariant(kind === ElementKind.IDLE || kind === ElementKind.ACTIVE, 'elements are of known kinds', {
          kind,
        });
    }
  }

  #must(holds: boolean, rule: string): void {
    if (!holds) this.#verdict.fail('wrong', `Channels: ${rule}.`);
  }
}

/** One whose recordings lack what it has begun: a half-read block or frame, or an element that spans. */
class ForgetfulReader extends ObservedReader {
  protected override begun(): Uint8Array | undefined {
    return undefined;
  }
}
