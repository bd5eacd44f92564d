/** A command for a terminal, to read and to copy. */
import type { ReactNode } from 'react';
import styles from './command.module.css';
import { CopyButton } from './copy-button';

export function Command({
  command,
  children,
}: {
  readonly command: string;
  /** Why one would. */
  readonly children?: ReactNode;
}) {
  return (
    <div className={styles['command']}>
      <code className={styles['text']} tabIndex={0}>
        {command}
      </code>
      <CopyButton text={command} what={command} />
      {children !== undefined && <span className={styles['why']}>{children}</span>}
    </div>
  );
}
