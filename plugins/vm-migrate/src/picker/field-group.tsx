/** A field of a form that is made of several parts: what it is called, what it is for, what it shows. */
import { useId, type ReactNode } from 'react';
import { FieldFault, faultToShow, type FaultShown } from './field-fault';
import styles from './field-group.module.css';

export interface FieldGroupProps {
  readonly title: string;
  readonly description?: string | undefined;
  readonly isBusy?: boolean;
  readonly fault?: FaultShown;
  readonly children: ReactNode;
}

export function FieldGroup({
  title,
  description,
  isBusy = false,
  fault = {},
  children,
}: FieldGroupProps) {
  const id = useId();
  const described = [
    ...(description === undefined ? [] : [`${id}-words`]),
    ...(faultToShow(fault) === undefined ? [] : [`${id}-fault`]),
  ];
  return (
    <div
      role="group"
      aria-labelledby={id}
      aria-describedby={described.length === 0 ? undefined : described.join(' ')}
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
      <FieldFault id={`${id}-fault`} {...fault} />
    </div>
  );
}
