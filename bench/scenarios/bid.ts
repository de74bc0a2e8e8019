import { type Infer, types } from '../../core/internal.js';

/** A bid of the NEXMark benchmark: seven fields, about 120 bytes. */
export const bidType = types.object({
  auction: types.float64,
  bidder: types.float64,
  price: types.float64,
  channel: types.string,
  url: types.string,
  dateTime: types.timestamp,
  extra: types.string,
});

export type Bid = Infer<typeof bidType>;

const EXTRA = 'abcdefghijklmnopqrstuvwxyz'.repeat(3);

/** The same bids on every call and machine. */
export function makeBids(count: number): Bid[] {
  return Array.from({ length: count }, (_, i) => ({
    auction: 1000 + (i % 97),
    bidder: 5000 + ((i * 7919) % 10_007),
    price: 100 + ((i * 31) % 9973) / 100,
    channel: `channel-${(i * 13) % 100}`,
    url: `https://www.nexmark.com/item/${i % 1000}/bid`,
    dateTime: 1_700_000_000_000 + i,
    extra: EXTRA.slice(i % 26, 56 - (i % 7)),
  }));
}

/** Touches every field. */
export function touch(bid: Bid): number {
  return (
    bid.auction +
    bid.bidder +
    bid.price +
    bid.dateTime +
    bid.channel.length +
    bid.url.length +
    bid.extra.length +
    bid.url.charCodeAt(30)
  );
}
