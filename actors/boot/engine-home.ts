/** The folder of this copy of the library, as an address. A process may have loaded several. */
export const ENGINE_HOME = new URL('../../', import.meta.url).href;
