/** Something that a person should see first, in a sentence, and where more about it stands. */
export interface Finding {
  readonly severity: 'bad' | 'warning' | 'note';
  readonly title: string;
  readonly text: string;
  /** Address within the dashboard. */
  readonly link?: string;
  readonly linkText?: string;
}
