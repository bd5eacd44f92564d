/** A field of a form that is made of several parts: what it is called, what it is for, what it shows. */
import { useId, type ReactNode } from 'react';
import styles from './field-group.module.css';

export interface FieldGroupProps {
  readonly title: string;
  readonly description?: string | undefined;
  readonly isBusy?: boolean;
  readonly children: ReactNode;
}

export function FieldGroup({ title, description, isBusy = false, children }: FieldGroupProps) {
  const id = useId();
  return (
    <div
      role="group"
      aria-labelledby={id}
      aria-describedby={description === undefined ? undefined : `${id}-words`}
      aria-busy={isBusy}
      className={styles['group']}
    >
      <div className={styles['head']}>
        <div id={id} className={styles['title']}>
          {title}
        </div>
        {description !== undefined && (
          <div id={`${id}-words`} className={styles['quiet']}>
            {description}
          </div>
        )}
      </div>
      {children}
    </div>
  );
}
