/** Nothing to show: why, and what to do next. */
import { Text } from '@backstage/ui';
import { RiInbox2Line } from '@remixicon/react';
import type { ReactElement, ReactNode } from 'react';
import styles from './parts.module.css';

export interface EmptyProps {
  readonly icon?: ReactElement;
  readonly title: string;
  readonly children?: ReactNode;
  /** The next thing to do, as a button or a link. */
  readonly next?: ReactNode;
}

export function Empty({ icon = <RiInbox2Line aria-hidden />, title, children, next }: EmptyProps) {
  return (
    <div className={styles['empty']}>
      {icon}
      <Text as="h3" variant="title-x-small">
        {title}
      </Text>
      {children !== undefined && <div className={styles['quiet']}>{children}</div>}
      {next}
    </div>
  );
}
