import { defineJob, type Infer, TumblingEventTimeWindows, types, WatermarkStrategy } from 'millrace';

const event = types.object({ timestamp: types.timestamp, value: types.int32 });

/**
 * Sums over windows of two seconds of event time. The watermark stays 500 ms (and one) behind the greatest
 * timestamp so far: 2900 has not ended the first window yet, 3500 has, and 7500 ends the second one. That of
 * 7500 itself ends with the input.
 */
export default defineJob(import.meta.url, (env) => {
  env
    .fromData(
      [
        { timestamp: 1000, value: 1 },
        { timestamp: 1500, value: 2 },
        { timestamp: 2900, value: 3 },
        { timestamp: 3500, value: 4 },
        { timestamp: 7500, value: 5 },
      ],
      event,
    )
    .assignTimestampsAndWatermarks(
      WatermarkStrategy.forBoundedOutOfOrderness<Infer<typeof event>>('500 ms').withTimestampAssigner(
        ({ timestamp }) => timestamp,
      ),
    )
    .keyBy(() => 1, types.int32)
    .window(TumblingEventTimeWindows.of('2 s'))
    .sum('value')
    .uid('sums')
    .print();
});
