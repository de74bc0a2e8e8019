import { encodeUtf8, murmur3 } from '../../core/internal.js';

const SEEDS = [0x6d696c6c, 0x72616365, 0x76657274, 0x65782d31];

/** Flink's form of an id, 32 hex digits, of a vertex: the same for every run, since it is made of its uid. */
export function vertexIdOf(uid: string): string {
  return hexIdOf(`vertex ${uid}`);
}

export function slotSharingGroupIdOf(name: string): string {
  return hexIdOf(`slot sharing group ${name}`);
}

function hexIdOf(text: string): string {
  const bytes = encodeUtf8(text);
  return SEEDS.map((seed) => murmur3(bytes, 0, bytes.length, seed).toString(16).padStart(8, '0')).join('');
}
