/** Where to: the target, a class for all volumes or one for each disk, and what proves that it takes snapshots. */
import { Checkbox } from '@backstage/ui';
import type {
  ApiError,
  PlanView,
  TargetView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { ClassProof } from '../../parts/class-proof';
import { bytesText } from '../../parts/format';
import { Failure } from '../../parts/failure';
import parts from '../../parts/parts.module.css';
import { Section } from '../../parts/section';
import { ClassSelect, TargetSelect } from '../../parts/target-selects';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import type { Draft } from './draft';
import styles from './new-migration.module.css';

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
        <div className={parts['fields']}>
          <TargetSelect
            className={parts['field'] ?? ''}
            targets={targets}
            value={chosen}
            // The classes of another target are others.
            onChange={name => onChange({ target: name, storageClass: undefined, classByDisk: {} })}
          />
          <ClassSelect
            className={parts['field'] ?? ''}
            label={t('newMigration.target.class')}
            byRule={t('newMigration.target.byRule')}
            // As much below its label as the target's place is below that one's.
            description={used.join(', ')}
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
                className={`${parts['field']} ${styles['diskClass']}`}
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
