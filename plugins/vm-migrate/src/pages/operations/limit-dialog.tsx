/** One limit, to be changed or set: both figures may be absent, which is no limit. */
import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  NumberField,
  Select,
  Switch,
} from '@backstage/ui';
import { useAnalytics } from '@backstage/frontend-plugin-api';
import type { LimitView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { Failure } from '../../parts/failure';
import { ReasonButton } from '../../parts/reason-button';
import { OwnLanguage } from '../../parts/own-language';
import { useWords } from '../../parts/use-words';
import { useCommand, useOperation } from '../../surface/queries';
import { freeScopes, scopeWords } from './limit-scope';
import styles from './operations.module.css';

const MIB = 1024 ** 2;
const MOST_RUNNING = 1_000;
const MOST_MIB = 1_000_000;
/** What a figure begins with when a limit is switched on. */
const SOME_RUNNING = 4;
const SOME_MIB = 100;

export interface LimitDialogProps {
  /** Undefined: a new one. */
  readonly limit: LimitView | undefined;
  /** Scopes that have a limit. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

export function LimitDialog({ limit, taken, onClose }: LimitDialogProps) {
  const { t } = useWords();
  const analytics = useAnalytics();
  const command = useCommand('setLimit');
  const [chosen, setScope] = useState(limit?.scope);
  const [running, setRunning] = useState(limit?.maxRunning ?? null);
  const [mib, setMib] = useState(
    limit?.bytesPerSecond == null ? null : Math.max(1, Math.round(limit.bytesPerSecond / MIB)),
  );
  const save = async () => {
    if (chosen === undefined) return;
    try {
      await command.mutateAsync({
        scope: chosen,
        maxRunning: running,
        bytesPerSecond: mib === null ? null : mib * MIB,
      });
    } catch {
      return; // Shown in the dialog, which stays.
    }
    analytics.captureEvent('set limit', chosen);
    onClose();
  };
  return (
    <Dialog isOpen onOpenChange={open => !open && onClose()} width={440}>
      <OwnLanguage>
        <DialogHeader>
          {limit === undefined
            ? t('operations.limits.add')
            : t('operations.limits.changeOf', { scope: scopeWords(limit.scope, t) })}
        </DialogHeader>
        <DialogBody>
          <div className={styles['form']}>
            {limit === undefined && (
              <ScopeSelect taken={taken} value={chosen} onChange={setScope} />
            )}
            <Figure
              label={t('operations.limits.running')}
              description={t('operations.limits.runningWords')}
              least={0}
              most={MOST_RUNNING}
              first={SOME_RUNNING}
              value={running}
              onChange={setRunning}
            />
            <Figure
              label={t('operations.limits.rateMib')}
              least={1}
              most={MOST_MIB}
              first={SOME_MIB}
              value={mib}
              onChange={setMib}
            />
            {command.error !== null && <Failure error={command.error.data} />}
          </div>
        </DialogBody>
        <DialogFooter>
          <ReasonButton
            variant="primary"
            isPending={command.isPending}
            refusal={chosen === undefined ? t('operations.limits.chooseScope') : undefined}
            onPress={() => void save()}
          >
            {t('operations.limits.save')}
          </ReasonButton>
          <Button variant="secondary" onPress={onClose}>
            {t('acts.back')}
          </Button>
        </DialogFooter>
      </OwnLanguage>
    </Dialog>
  );
}

function ScopeSelect({
  taken,
  value,
  onChange,
}: {
  readonly taken: readonly string[];
  readonly value: string | undefined;
  readonly onChange: (scope: string | undefined) => void;
}) {
  const { t } = useWords();
  const place = useOperation('getPlace', {});
  const targets = useOperation('getTargets', {}, { of: 'places' });
  const scopes = freeScopes(
    {
      sources: place.data?.sources ?? [],
      classes: (targets.data ?? []).flatMap(({ classes }) => classes.map(({ name }) => name)),
    },
    taken,
  );
  return (
    <Select
      label={t('operations.limits.scope')}
      placeholder={t('operations.limits.chooseScope')}
      options={scopes.map(scope => ({ value: scope, label: scopeWords(scope, t) }))}
      value={value ?? null}
      onChange={key => onChange(key === null ? undefined : String(key))}
    />
  );
}

function Figure({
  label,
  description,
  least,
  most,
  first,
  value,
  onChange,
}: {
  readonly label: string;
  readonly description?: string;
  readonly least: number;
  readonly most: number;
  /** What it is when the limit is switched on. */
  readonly first: number;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}) {
  const { t } = useWords();
  return (
    <div className={styles['figure']}>
      <Switch
        label={t('operations.limits.limited', { what: label })}
        isSelected={value !== null}
        onChange={isLimited => onChange(isLimited ? first : null)}
      />
      {value !== null && (
        <NumberField
          aria-label={label}
          {...(description === undefined ? {} : { description })}
          minValue={least}
          maxValue={most}
          value={value}
          onChange={number => Number.isFinite(number) && onChange(number)}
        />
      )}
    </div>
  );
}
