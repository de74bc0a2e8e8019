import type { Prng } from '../../core/internal.js';

/** What goes wrong with one request. */
export type S3Fault =
  /** An answer with this status, and nothing is done. */
  | { readonly kind: 'error'; readonly status: 500 | 503 }
  /** The connection ends before anything is done. */
  | { readonly kind: 'reset' }
  /** It is done, then the connection ends. */
  | { readonly kind: 'answer-lost' }
  /** It is done, and no answer comes. */
  | { readonly kind: 'no-answer' }
  /** Nothing is done and no answer comes. */
  | { readonly kind: 'silence' }
  /** The connection ends in the middle of the body of the answer. */
  | { readonly kind: 'truncated' }
  /** One bit of the body is not as it was stored, or as it was sent. */
  | { readonly kind: 'bit-flip'; readonly position: number }
  /** A list does not know the last changes. */
  | { readonly kind: 'stale'; readonly changes: number };

export interface S3Request {
  readonly operation: string;
  readonly key: string;
}

export interface S3FaultPlan {
  faultOf(request: S3Request): S3Fault | undefined;
}

/** Probabilities of the faults of a request. */
export interface S3FaultRates {
  readonly error: number;
  /** That a run of 503 begins. */
  readonly burst: number;
  readonly reset: number;
  readonly answerLost: number;
  /** No answer in time, done or not. */
  readonly noAnswer: number;
  readonly truncated: number;
  readonly bitFlip: number;
  readonly stale: number;
}

export const NO_S3_FAULTS: S3FaultRates = {
  error: 0,
  burst: 0,
  reset: 0,
  answerLost: 0,
  noAnswer: 0,
  truncated: 0,
  bitFlip: 0,
  stale: 0,
};

/** Each kind of fault with the same probability. */
export function evenFaults(rate: number): S3FaultRates {
  return {
    error: rate,
    burst: rate,
    reset: rate,
    answerLost: rate,
    noAnswer: rate,
    truncated: rate,
    bitFlip: rate,
    stale: rate,
  };
}

/** Faults drawn from a seed, request by request. Counts what it drew. */
export class RandomS3Faults implements S3FaultPlan {
  readonly drawn: Record<string, number> = {};
  readonly #prng: Prng;
  rates: S3FaultRates;
  #burstLeft = 0;

  constructor(prng: Prng, rates: S3FaultRates) {
    this.#prng = prng;
    this.rates = rates;
  }

  faultOf(request: S3Request): S3Fault | undefined {
    const fault = this.#draw(request);
    if (fault !== undefined) this.drawn[fault.kind] = (this.drawn[fault.kind] ?? 0) + 1;
    return fault;
  }

  #draw({ operation }: S3Request): S3Fault | undefined {
    const prng = this.#prng;
    const rates = this.rates;
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      return { kind: 'error', status: 503 };
    }
    if (prng.chance(rates.burst)) {
      this.#burstLeft = prng.between(1, 3);
      return { kind: 'error', status: 503 };
    }
    if (prng.chance(rates.error)) return { kind: 'error', status: prng.pick([500, 503]) };
    if (prng.chance(rates.reset)) return { kind: 'reset' };
    if (prng.chance(rates.answerLost)) return { kind: 'answer-lost' };
    if (prng.chance(rates.noAnswer)) return { kind: prng.pick(['no-answer', 'silence']) };
    if (operation === 'ListObjectsV2') {
      return prng.chance(rates.stale) ? { kind: 'stale', changes: prng.between(1, 3) } : undefined;
    }
    if (operation === 'GetObject' && prng.chance(rates.truncated)) return { kind: 'truncated' };
    const hasBody = /^(?:GetObject|PutObject|UploadPart)$/.test(operation);
    if (hasBody && prng.chance(rates.bitFlip)) return { kind: 'bit-flip', position: prng.uint32() };
    return undefined;
  }
}
