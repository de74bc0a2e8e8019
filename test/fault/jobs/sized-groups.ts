import {
  DataGeneratorSource,
  defineJob,
  FileSink,
  SlotSharingGroup,
  types,
  WatermarkStrategy,
} from 'millrace';

/** Numbers each record of a key, in slots of a size of their own: `--output DIR --count N --managed MB`. */
export default defineJob(import.meta.url, (env, params) => {
  const heavy = SlotSharingGroup.newBuilder('heavy')
    .setCpuCores(0.5)
    .setTaskHeapMemoryMB(100)
    .setManagedMemoryMB(params.getInt('managed'))
    .build();
  const source = new DataGeneratorSource((index) => index, params.getInt('count'), { ratePerSecond: 5000 });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
    .uid('numbers')
    .map((n) => ({ key: n % 7, n: 1 }))
    .returns(types.object({ key: types.int32, n: types.int32 }))
    .keyBy((each) => each.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('counts')
    .slotSharingGroup(heavy)
    .sinkTo(FileSink.jsonLines(params.require('output')), 'files')
    .uid('files');
});
