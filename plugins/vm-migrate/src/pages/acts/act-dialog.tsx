/**
 * Asks before an act is done on one migration or many: names them and, before a cancel, the objects on
 * the target that are kept or removed; afterwards it says what came of each.
 */
import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  Radio,
  RadioGroup,
  Text,
} from '@backstage/ui';
import type { CancelChoice, MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { SourceText } from '../../parts/source-text';
import { OwnLanguage } from '../../parts/own-language';
import { useWords } from '../../parts/use-words';
import { useOperation } from '../../surface/queries';
import { ActOutcomes } from './act-outcomes';
import { CANCEL_OBJECTS, isAllMigrated, type Act } from './acts';
import styles from './acts.module.css';
import { ObjectFates } from './object-fates';
import { useRunAct } from './use-run-act';

export interface ActDialogProps {
  readonly act: Act;
  /** Those that it makes sense for. */
  readonly migrations: readonly MigrationView[];
  /** Selected too, and left alone: each with the reason in words. */
  readonly leftAlone: readonly { readonly migration: MigrationView; readonly why: string }[];
  readonly onClose: () => void;
}

export function ActDialog({ act, migrations, leftAlone, onClose }: ActDialogProps) {
  const { t } = useWords();
  const [objects, setObjects] = useState<CancelChoice>('keep-all');
  const { outcomes, isRunning, run } = useRunAct(act);
  const isAsked = outcomes.size > 0;
  const failed = migrations.filter(({ id }) => outcomes.get(id)?.state === 'failed');
  const destroys = act === 'cancel';
  const objectsOf = useOperation(
    'getObjects',
    { migrations: migrations.map(({ id }) => id) },
    { enabled: destroys && !isAsked },
  );
  return (
    <Dialog isOpen onOpenChange={open => !open && onClose()} width={560}>
      <OwnLanguage>
        <DialogHeader>{t(`acts.${act}.title`, { count: migrations.length })}</DialogHeader>
        <DialogBody>
          <div className={styles['body']}>
            {!isAsked && <Text as="p">{t(`acts.${act}.happens`)}</Text>}
            {!isAsked && destroys && (
              <>
                {migrations.some(isAllMigrated) && (
                  <Text as="p">{t('acts.cancel.allMigrated')}</Text>
                )}
                <ObjectsChoice value={objects} onChange={setObjects} />
                <ObjectFates migrations={migrations} query={objectsOf} choice={objects} />
              </>
            )}
            {(isAsked || !destroys) && <ActOutcomes migrations={migrations} outcomes={outcomes} />}
            {!isAsked && leftAlone.length > 0 && (
              <>
                <Text as="p" weight="bold">
                  {t('acts.leftAlone', { count: leftAlone.length })}
                </Text>
                <ul className={styles['names']}>
                  {leftAlone.map(({ migration, why }) => (
                    <li key={migration.id}>
                      <SourceText>{migration.vm}</SourceText>{' '}
                      <span className={styles['id']}>{migration.id}</span> {why}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        </DialogBody>
        <DialogFooter>
          {!isAsked && (
            <Button
              variant="primary"
              destructive={destroys}
              className={destroys ? (styles['destroys'] ?? '') : ''}
              // Not before it was said what is removed; where that cannot be read, the reason was said.
              isDisabled={destroys && objectsOf.isPending}
              onPress={() => void run(migrations, objects)}
            >
              {t(`acts.${act}.confirm`, { count: migrations.length })}
            </Button>
          )}
          {isAsked && !isRunning && failed.length > 0 && (
            <Button variant="primary" onPress={() => void run(failed, objects)}>
              {t('acts.again', { count: failed.length })}
            </Button>
          )}
          <Button variant="secondary" onPress={onClose}>
            {isAsked ? t('acts.close') : t('acts.back')}
          </Button>
        </DialogFooter>
      </OwnLanguage>
    </Dialog>
  );
}

function ObjectsChoice({
  value,
  onChange,
}: {
  readonly value: CancelChoice;
  readonly onChange: (objects: CancelChoice) => void;
}) {
  const { t } = useWords();
  return (
    <RadioGroup
      label={t('acts.objects.label')}
      value={value}
      onChange={chosen => onChange(chosen as CancelChoice)}
    >
      {CANCEL_OBJECTS.map(objects => (
        <Radio key={objects} value={objects} className={styles['choice'] ?? ''}>
          <span className={styles['choiceWords']}>
            <span>{t(`acts.objects.${objects}.title`)}</span>
            <span className={styles['quiet']}>{t(`acts.objects.${objects}.happens`)}</span>
          </span>
        </Radio>
      ))}
    </RadioGroup>
  );
}
