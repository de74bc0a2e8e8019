import { isMillraceError } from '../../core/internal.js';

/** How often is read what seems to be damaged: it may be whole where it lies, and have been damaged on its way. */
export const LOOKS_MAX = 3;

/** Reads again what is damaged (MR3004), up to {@link LOOKS_MAX} times in all. */
export async function lookingAgain<T>(look: () => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks++) {
    try {
      return await look();
    } catch (error) {
      const isDamage = isMillraceError(error) && error.code === 'MR3004';
      if (!isDamage || looks === LOOKS_MAX) throw error;
    }
  }
}
