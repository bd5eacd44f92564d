/** Giving a migration up: says what is on the target, and what each choice does to it. */
import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  Radio,
  RadioGroup,
} from '@backstage/ui';
import type { DescriptionView, StatusView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { Command } from '../../parts/command';
import { SourceText } from '../../parts/source-text';
import { useWords } from '../../parts/use-words';
import { commandOf, OBJECT_CHOICES, type ObjectChoice } from './acts';
import styles from './migration.module.css';

const NAMES_SHOWN = 6;

export interface CancelDialogProps {
  readonly migration: StatusView;
  readonly volumes: DescriptionView['volumes'] | undefined;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onCancel: (objects: ObjectChoice) => void;
}

export function CancelDialog(props: CancelDialogProps) {
  const { isOpen, onClose } = props;
  return (
    <Dialog isOpen={isOpen} onOpenChange={open => !open && onClose()} width={560}>
      {isOpen && <CancelForm {...props} />}
    </Dialog>
  );
}

function CancelForm({ migration, volumes, onClose, onCancel }: CancelDialogProps) {
  const { t } = useWords();
  // Nothing is chosen beforehand: one of the choices removes what cannot be made again without the source.
  const [objects, setObjects] = useState<ObjectChoice>();
  const there = (volumes ?? []).filter(({ state }) => state === 'there');
  return (
    <>
      <DialogHeader>{t('migration.cancel.title')}</DialogHeader>
      <DialogBody>
        <div className={styles['dialog']}>
          <p>
            <strong>
              <SourceText>{migration.vm}</SourceText>
            </strong>{' '}
            <code>{migration.id}</code>
          </p>
          <p>
            {t('migration.cancel.there', { target: migration.target })}{' '}
            {t('migration.cancel.volumes', { count: there.length })},{' '}
            {t('migration.cancel.snapshots', { count: migration.snapshots.ready })}.
          </p>
          {there.length > 0 && (
            <ul className={styles['names']}>
              {there.slice(0, NAMES_SHOWN).map(({ name, holds }) => (
                <li key={name}>
                  <code>{name}</code>
                  {holds !== null && (
                    <span className={styles['quiet']}>
                      {' '}
                      {t('migration.cancel.holds')} <SourceText>{holds}</SourceText>
                    </span>
                  )}
                </li>
              ))}
              {there.length > NAMES_SHOWN && (
                <li>{t('migration.more', { count: there.length - NAMES_SHOWN })}</li>
              )}
            </ul>
          )}
          <RadioGroup
            label={t('migration.cancel.question')}
            value={objects ?? ''}
            onChange={value => setObjects(value as ObjectChoice)}
          >
            {OBJECT_CHOICES.map(choice => (
              <Radio key={choice} value={choice}>
                <span className={styles['choice']}>
                  <span>{t(`migration.cancel.choice.${choice}`)}</span>
                  <span className={styles['quiet']}>{t(`migration.cancel.means.${choice}`)}</span>
                </span>
              </Radio>
            ))}
          </RadioGroup>
          {objects !== undefined && (
            <Command command={commandOf('cancel', migration.id, objects)} />
          )}
        </div>
      </DialogBody>
      <DialogFooter>
        <Button variant="secondary" onPress={onClose}>
          {t('migration.cancel.keep')}
        </Button>
        <Button
          variant="primary"
          destructive
          isDisabled={objects === undefined}
          onPress={() => objects !== undefined && onCancel(objects)}
        >
          {t('migration.cancel.do')}
        </Button>
      </DialogFooter>
    </>
  );
}
