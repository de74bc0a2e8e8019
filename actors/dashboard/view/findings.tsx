import type { JSX } from 'preact';
import type { Finding } from '../model/finding.js';

const WORDS: Readonly<Record<Finding['severity'], string>> = {
  bad: 'Problem',
  warning: 'Look',
  note: 'Note',
};

const ORDER: readonly Finding['severity'][] = ['bad', 'warning', 'note'];

/** What stands out, in sentences. Says so where nothing does. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }): JSX.Element {
  const sorted = [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <section class="findings" aria-label="What stands out" aria-live="polite">
      {findings.length === 0 && (
        <p class="finding calm">Nothing stands out: no slow operator, no failed checkpoint.</p>
      )}
      {sorted.map(({ severity, title, text, link, linkText }) => (
        <article key={title.replace(/\d+/g, '')} class={`finding ${severity}`}>
          <h2>
            <span class="word">{WORDS[severity]}</span> {title}
          </h2>
          <p>
            {text}{' '}
            {link !== undefined && (
              <a class="finding-link" href={link}>
                {linkText}
              </a>
            )}
          </p>
        </article>
      ))}
    </section>
  );
}
