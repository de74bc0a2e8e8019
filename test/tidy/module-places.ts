import { CODE, classify } from './source-scanner.js';

const ADDRESS = /\bimport\.meta\.url\b/g;
const MARK = 'MODULE_PLACE';
const PLACE = new RegExp(`${MARK}\\("([\\w/.-]+)"\\)`, 'g');

/** Puts the module's place below `dist` where its code asks for its own address; texts that speak of that stay. */
export function withPlace(code: string, place: string): string {
  const kinds = classify(code);
  return code.replace(ADDRESS, (found, offset: number) =>
    kinds[offset] === CODE ? `${MARK}("${place}")` : found,
  );
}

/**
 * Makes addresses of the places, in a file that lies in `fileName` below the folder that stands for `dist`.
 *
 * @throws Error if one is left, which a user would otherwise meet in a message
 */
export function withAddresses(code: string, fileName: string): string {
  const folders = fileName.split('/').length - 1;
  const above = folders === 0 ? '.' : Array.from({ length: folders }, () => '..').join('/');
  const found = code.replace(PLACE, (_, place) => `new URL("${above}/${place}", import.meta.url).href`);
  if (found.includes(MARK)) throw new Error(`${fileName}: a place of a module became no address.`);
  return found;
}
