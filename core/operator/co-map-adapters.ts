import { refusePromise } from '../state/aggregate-function.js';
import type { CoFlatMapFunction, CoMapFunction, CoProcessFunction } from './co-process-function.js';
import { lifeOf } from './rich-function.js';
import { expectNoPromise } from './synchronous.js';

/** A co-map function as a co-process function, with or without keys. */
export function processByCoMap<A, B, R>(fn: CoMapFunction<A, B, R>): CoProcessFunction<A, B, R> {
  return {
    ...lifeOf(fn),
    processElement1: (value, _ctx, out) => out.collect(refusePromise(fn.map1(value), 'map1')),
    processElement2: (value, _ctx, out) => out.collect(refusePromise(fn.map2(value), 'map2')),
  };
}

/** A co-flat-map function as a co-process function, with or without keys. */
export function processByCoFlatMap<A, B, R>(fn: CoFlatMapFunction<A, B, R>): CoProcessFunction<A, B, R> {
  return {
    ...lifeOf(fn),
    processElement1: (value, _ctx, out) => expectNoPromise(fn.flatMap1(value, out), 'flatMap1'),
    processElement2: (value, _ctx, out) => expectNoPromise(fn.flatMap2(value, out), 'flatMap2'),
  };
}
