import { InvalidArgumentError } from 'commander';

/** The value of an option that counts. @throws InvalidArgumentError */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('It takes a whole number from 1 on.');
}
