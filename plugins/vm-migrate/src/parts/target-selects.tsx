/** Where to, out of what is configured: a target, and a storage class of it. */
import { Select } from '@backstage/ui';
import type { TargetView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useWords } from './use-words';

/** Key of the entry that leaves the choice to a rule: no class has an empty name. */
const BY_RULE = '';

interface SelectProps {
  readonly className?: string;
  readonly isDisabled?: boolean;
}

export interface TargetSelectProps extends SelectProps {
  readonly targets: readonly TargetView[];
  /** Undefined: none, not even a default one. */
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
}

/** One that is not offered any more is shown by its name. */
export function TargetSelect({ targets, value, onChange, ...rest }: TargetSelectProps) {
  const { t } = useWords();
  const offered = targets.map(({ name, isDefault, kind }) => ({
    value: name,
    label: isDefault ? t('newMigration.target.default', { name }) : `${name} (${kind})`,
  }));
  return (
    <Select
      {...rest}
      label={t('newMigration.target.target')}
      description={targets.find(({ name }) => name === value)?.location ?? ''}
      options={withChosen(offered, value)}
      value={value ?? null}
      onChange={key => onChange(key === null ? undefined : String(key))}
    />
  );
}

export interface ClassSelectProps extends SelectProps {
  readonly label: string;
  /** What it is when nothing is chosen. */
  readonly byRule: string;
  readonly target: TargetView | undefined;
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
  readonly description?: string;
  readonly isLabelHidden?: boolean;
}

export function ClassSelect({
  label,
  byRule,
  target,
  value,
  onChange,
  isLabelHidden = false,
  ...rest
}: ClassSelectProps) {
  const { t } = useWords();
  const offered = (target?.classes ?? []).map(({ name, snapshots }) => ({
    value: name,
    label: snapshots.how === 'none' ? t('newMigration.target.noSnapshots', { name }) : name,
  }));
  return (
    <Select
      {...rest}
      {...(isLabelHidden ? { 'aria-label': label } : { label })}
      options={[{ value: BY_RULE, label: byRule }, ...withChosen(offered, value)]}
      value={value ?? BY_RULE}
      onChange={key => onChange(key === null || key === BY_RULE ? undefined : String(key))}
    />
  );
}

interface Option {
  readonly value: string;
  readonly label: string;
}

function withChosen(offered: readonly Option[], chosen: string | undefined): Option[] {
  return chosen === undefined || offered.some(({ value }) => value === chosen)
    ? [...offered]
    : [...offered, { value: chosen, label: chosen }];
}
