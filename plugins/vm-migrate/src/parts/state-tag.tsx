/** A migration's state: a word and a mark, so that it is never told by colour alone. */
import type { MigrationStateView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import {
  RiCheckLine,
  RiCloseCircleLine,
  RiErrorWarningLine,
  RiLoader2Line,
  RiPauseLine,
} from '@remixicon/react';
import type { ReactElement } from 'react';
import styles from './parts.module.css';
import { useWords } from './use-words';

const MARKS: Readonly<Record<MigrationStateView, ReactElement>> = {
  running: <RiLoader2Line aria-hidden />,
  paused: <RiPauseLine aria-hidden />,
  failed: <RiErrorWarningLine aria-hidden />,
  migrated: <RiCheckLine aria-hidden />,
  canceled: <RiCloseCircleLine aria-hidden />,
};

/** The mark alone, beside a word that says the state. */
export function StateMark({ state }: { readonly state: MigrationStateView }) {
  return MARKS[state];
}

export function StateTag({ state }: { readonly state: MigrationStateView }) {
  const { t } = useWords();
  return (
    <span className={styles['tag']} data-state={state}>
      {MARKS[state]}
      {t(`state.${state}`)}
    </span>
  );
}
