import { ORDERED_ROW_HEADER_WORDS, ROW_HEADER_WORDS } from './memtable-layout.js';

/** A table as the memtable sees it. */
export class MemtableTable {
  readonly name: string;
  readonly number: number;
  readonly ordered: boolean;
  /** Word 0 of its rows, without the key group. */
  readonly word: number;
  readonly headerWords: number;
  /** Keeps equal row keys of different tables apart in the index. */
  readonly salt: number;

  constructor(name: string, number: number, ordered: boolean) {
    this.name = name;
    this.number = number;
    this.ordered = ordered;
    this.word = number << 16;
    this.headerWords = ordered ? ORDERED_ROW_HEADER_WORDS : ROW_HEADER_WORDS;
    this.salt = Math.imul(number, 0x9e3779b1);
  }
}
