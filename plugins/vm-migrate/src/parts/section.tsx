/** A part of a page under its heading. */
import { Text } from '@backstage/ui';
import { useId, type ReactNode } from 'react';
import styles from './parts.module.css';

export interface SectionProps {
  readonly title: string;
  /** Beside the title: what it counts, or what can be done. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, aside, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles['section']}>
      <div className={styles['sectionHead']}>
        <Text as="h2" variant="title-x-small" id={id}>
          {title}
        </Text>
        {aside}
      </div>
      {children}
    </section>
  );
}
