/** Where there is nothing: why, and what to do next. */
import { RiInboxLine } from '@remixicon/react';
import type { ReactElement, ReactNode } from 'react';
import styles from './empty-state.module.css';

export interface EmptyStateProps {
  readonly title: string;
  readonly icon?: ReactElement;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

export function EmptyState({ title, icon = <RiInboxLine />, children, action }: EmptyStateProps) {
  return (
    <div className={styles['empty']}>
      <span className={styles['icon']} aria-hidden="true">
        {icon}
      </span>
      <h3 className={styles['title']}>{title}</h3>
      {children !== undefined && <div className={styles['words']}>{children}</div>}
      {action}
    </div>
  );
}
