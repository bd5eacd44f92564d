/** Where to: the target, a class for all volumes or one for each disk, and what proves that it takes snapshots. */
import { Checkbox, Select } from '@backstage/ui';
import type {
  ApiError,
  PlanView,
  TargetView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { ClassProof } from '../../parts/class-proof';
import { bytesText } from '../../parts/format';
import { Failure } from '../../parts/failure';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';

import type { Draft } from './draft';
import styles from './new-migration.module.css';

/** Key of the entry that leaves the choice to a rule: no class has an empty name. */
const BY_RULE = '';

export interface TargetChoiceProps {
  /** Undefined: there is none yet, as when no target is the default one. */
  readonly plan: PlanView | undefined;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  readonly targets: readonly TargetView[] | undefined;
  readonly failure: ApiError | null;
}

export function TargetChoice({ plan, draft, onChange, targets, failure }: TargetChoiceProps) {
  const { t } = useWords();
  const chosen = draft.target ?? plan?.target;
  const target = targets?.find(({ name }) => name === chosen);
  const used = [...new Set((plan?.disks ?? []).map(({ storageClass }) => storageClass))];
  return (
    <Section title={t('newMigration.target.title')}>
      {failure !== null && <Failure error={failure.data} />}
      {targets === undefined && failure === null && <Waiting lines={2} />}
      {targets !== undefined && (
        <div className={styles['fields']}>
          <Select
            label={t('newMigration.target.target')}
            description={target?.location ?? ''}
            className={styles['field'] ?? ''}
            options={targets.map(({ name, isDefault, kind }) => ({
              value: name,
              label: isDefault ? t('newMigration.target.default', { name }) : `${name} (${kind})`,
            }))}
            value={chosen ?? null}
            // The classes of another target are others.
            onChange={key =>
              onChange({
                target: key === null ? undefined : String(key),
                storageClass: undefined,
                classByDisk: {},
              })
            }
          />
          <ClassSelect
            label={t('newMigration.target.class')}
            byRule={t('newMigration.target.byRule')}
            target={target}
            value={draft.storageClass}
            onChange={storageClass => onChange({ storageClass })}
          />
        </div>
      )}
      {target?.error !== null && target !== undefined && <Failure error={target.error} />}
      {target?.classes
        .filter(({ name }) => used.includes(name))
        .map(each => (
          <ClassProof key={each.name} storageClass={each} />
        ))}
      {plan !== undefined && (
        <Disks plan={plan} draft={draft} onChange={onChange} target={target} />
      )}
    </Section>
  );
}

function ClassSelect({
  label,
  byRule,
  target,
  value,
  onChange,
  isLabelHidden = false,
}: {
  readonly label: string;
  readonly byRule: string;
  readonly target: TargetView | undefined;
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
  readonly isLabelHidden?: boolean;
}) {
  const { t } = useWords();
  return (
    <Select
      {...(isLabelHidden ? { 'aria-label': label } : { label })}
      className={styles['field'] ?? ''}
      options={[
        { value: BY_RULE, label: byRule },
        ...(target?.classes ?? []).map(({ name, snapshots }) => ({
          value: name,
          label: snapshots.how === 'none' ? t('newMigration.target.noSnapshots', { name }) : name,
        })),
      ]}
      value={value ?? BY_RULE}
      onChange={key => onChange(key === null || key === BY_RULE ? undefined : String(key))}
    />
  );
}

function Disks({
  plan,
  draft,
  onChange,
  target,
}: Pick<TargetChoiceProps, 'draft' | 'onChange'> & {
  readonly plan: PlanView;
  readonly target: TargetView | undefined;
}) {
  const { t, language } = useWords();
  const { leftOut, classByDisk } = draft;
  const toggle = (id: string) => {
    const next = new Set(leftOut);
    if (!next.delete(id)) next.add(id);
    onChange({ leftOut: next });
  };
  const setClass = (id: string, name: string | undefined) => {
    const { [id]: _before, ...others } = classByDisk;
    onChange({ classByDisk: name === undefined ? others : { ...others, [id]: name } });
  };
  return (
    <ul className={styles['disks']} aria-label={t('newMigration.target.disks')}>
      {plan.disks.map(({ id, label, rootFile, sizeBytes, storageClass }) => (
        <li key={id}>
          <Checkbox
            isSelected={!leftOut.has(id)}
            // A migration of no disk is none.
            isDisabled={!leftOut.has(id) && leftOut.size === plan.disks.length - 1}
            onChange={() => toggle(id)}
          >
            {t('newMigration.target.disk', { label })}
          </Checkbox>
          <span className={styles['diskWords']}>
            {rootFile} · {bytesText(sizeBytes, language)}
          </span>
          {leftOut.has(id) ? (
            <span className={styles['quiet']}>{t('newMigration.target.leftOut')}</span>
          ) : (
            // Of one disk the common class is its own.
            plan.disks.length > 1 && (
              <ClassSelect
                isLabelHidden
                label={t('newMigration.target.classOf', { disk: label })}
                byRule={t('newMigration.target.common', { name: storageClass })}
                target={target}
                value={classByDisk[id]}
                onChange={name => setClass(id, name)}
              />
            )
          )}
        </li>
      ))}
    </ul>
  );
}
