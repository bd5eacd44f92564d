/** What can be done with the selected migrations at once. */
import { Button } from '@backstage/ui';
import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiCloseCircleLine, RiPauseLine, RiPlayLine, RiRestartLine } from '@remixicon/react';
import { useState, type ReactElement } from 'react';
import { ReasonButton } from '../../parts/reason-button';
import { useWords } from '../../parts/use-words';
import { ActDialog, type ActDialogProps } from '../acts/act-dialog';
import { ACTS, refusalOf, type Act } from '../acts/acts';
import { useRefusedControl } from '../../surface/use-may';
import styles from './migrations.module.css';

const MARKS: Readonly<Record<Act, ReactElement>> = {
  pause: <RiPauseLine aria-hidden />,
  resume: <RiPlayLine aria-hidden />,
  retry: <RiRestartLine aria-hidden />,
  cancel: <RiCloseCircleLine aria-hidden />,
};

export interface BulkActsProps {
  readonly selected: readonly MigrationView[];
  readonly onClear: () => void;
}

export function BulkActs({ selected, onClear }: BulkActsProps) {
  const { t } = useWords();
  const refused = useRefusedControl(selected.map(({ id }) => id));
  // What was selected when the dialog opened: it goes on about those while the list behind it changes.
  const [asked, setAsked] = useState<Omit<ActDialogProps, 'onClose'>>();

  const split = (act: Act) => {
    const leftAlone = selected.flatMap((migration): ActDialogProps['leftAlone'] => {
      if (refused?.has(migration.id) === true)
        return [{ migration, why: t('acts.refusal.notAllowed') }];
      const refusal = refusalOf(act, migration);
      return refusal === undefined ? [] : [{ migration, why: t(`acts.refusal.${refusal}`) }];
    });
    const left = new Set(leftAlone.map(({ migration }) => migration.id));
    return { act, leftAlone, migrations: selected.filter(({ id }) => !left.has(id)) };
  };
  const refusalOfAll = (act: Act): string | undefined => {
    if (selected.length === 0) return t('acts.refusalOfAll.nothing');
    if (refused === undefined) return t('waiting');
    if (selected.every(({ id }) => refused.has(id))) return t('acts.refusalOfAll.notAllowed');
    return split(act).migrations.length > 0 ? undefined : t(`acts.refusalOfAll.${act}`);
  };

  return (
    <div className={styles['bulk']} role="toolbar" aria-label={t('migrations.bulk')}>
      {ACTS.map(act => (
        <ReasonButton
          key={act}
          size="small"
          variant="secondary"
          iconStart={MARKS[act]}
          refusal={refusalOfAll(act)}
          onPress={() => setAsked(split(act))}
        >
          {t(`acts.${act}.name`)}
        </ReasonButton>
      ))}
      <span role="status" className={styles['quiet']}>
        {selected.length > 0 && t('migrations.selected', { count: selected.length })}
      </span>
      {selected.length > 0 && (
        <Button size="small" variant="tertiary" onPress={onClear}>
          {t('migrations.clear')}
        </Button>
      )}
      {asked !== undefined && <ActDialog {...asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}
