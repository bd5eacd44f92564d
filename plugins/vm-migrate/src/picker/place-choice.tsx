/** A target and a storage class of it, out of those that are configured; by their names where those may not be seen. */
import { TextField } from '@backstage/ui';
import type { TargetView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { Answer } from '../parts/answer';
import { ClassProof } from '../parts/class-proof';
import { Failure } from '../parts/failure';
import parts from '../parts/parts.module.css';
import { ClassSelect, TargetSelect } from '../parts/target-selects';
import { useWords } from '../parts/use-words';
import { useOperation } from '../surface/queries';
import { classByRule, faultOfPlace, targetOfPlace, type VmPlace } from './place';
import styles from './place-choice.module.css';

/** Free space and proofs of classes change without an event. */
const TARGETS_MS = 60_000;

export interface PlaceChoiceProps {
  readonly place: VmPlace;
  readonly onChange: (place: VmPlace) => void;
  readonly isDisabled?: boolean;
}

export function PlaceChoice(props: PlaceChoiceProps) {
  const targets = useOperation('getTargets', {}, { of: 'places', refetchMs: TARGETS_MS });
  if (targets.data === undefined && targets.error?.data?.code === 'ACCESS_DENIED')
    return <PlaceByName {...props} />;
  return (
    <Answer query={targets} lines={2}>
      {all => <PlaceOf {...props} targets={all} />}
    </Answer>
  );
}

function PlaceOf({
  place,
  onChange,
  isDisabled = false,
  targets,
}: PlaceChoiceProps & { readonly targets: readonly TargetView[] }) {
  const { t } = useWords();
  const target = targetOfPlace(place, targets);
  if (targets.length === 0)
    return (
      <p className={styles['words']}>
        <b>{t('vmPlace.noTargets')}</b> {t('vmPlace.noTargetsWords')}
      </p>
    );
  const fault = faultOfPlace(place, targets);
  const byRule = target === undefined ? undefined : classByRule(target);
  const shown = target?.classes.find(({ name }) => name === (place.storageClass ?? byRule?.name));
  return (
    <>
      <div className={parts['fields']}>
        <TargetSelect
          className={parts['field'] ?? ''}
          isDisabled={isDisabled}
          targets={targets}
          value={place.target ?? target?.name}
          // The classes of another target are others.
          onChange={name => onChange(name === undefined ? {} : { target: name })}
        />
        <ClassSelect
          className={parts['field'] ?? ''}
          isDisabled={isDisabled}
          label={t('newMigration.target.class')}
          byRule={
            byRule === undefined
              ? t('newMigration.target.byRule')
              : t('vmPlace.byRule', { name: byRule.name })
          }
          description={place.storageClass === undefined ? t('vmPlace.byRuleWords') : ''}
          target={target}
          value={place.storageClass}
          onChange={name => {
            const { storageClass: _before, ...rest } = place;
            onChange(name === undefined ? rest : { ...rest, storageClass: name });
          }}
        />
      </div>
      {fault !== undefined && (
        <p className={styles['words']}>
          {t(`vmPlace.faults.${fault}`, {
            target: place.target ?? '',
            storageClass: place.storageClass ?? '',
          })}
        </p>
      )}
      {target !== undefined && target.error !== null && <Failure error={target.error} />}
      {shown !== undefined && <ClassProof storageClass={shown} />}
    </>
  );
}

/** Who may not see what there is may know it all the same. */
function PlaceByName({ place, onChange, isDisabled = false }: PlaceChoiceProps) {
  const { t } = useWords();
  const set = (name: keyof VmPlace) => (value: string) => {
    const { [name]: _before, ...rest } = place;
    onChange(value === '' ? rest : { ...rest, [name]: value });
  };
  return (
    <>
      <p className={styles['words']}>{t('vmPlace.mayNotSee')}</p>
      <div className={parts['fields']}>
        <TextField
          className={parts['field'] ?? ''}
          label={t('newMigration.target.target')}
          placeholder={t('vmPlace.defaultTarget')}
          isDisabled={isDisabled}
          value={place.target ?? ''}
          onChange={set('target')}
        />
        <TextField
          className={parts['field'] ?? ''}
          label={t('newMigration.target.class')}
          placeholder={t('newMigration.target.byRule')}
          isDisabled={isDisabled}
          value={place.storageClass ?? ''}
          onChange={set('storageClass')}
        />
      </div>
    </>
  );
}
