/** Accepts the plan for later: a time of this person's clock, at which the migration begins by itself. */
import { RiTimerLine } from '@remixicon/react';
import { useId, useState } from 'react';
import { ReasonButton } from '../../parts/reason-button';
import { useNow } from '../../parts/age';
import { useWords } from '../../parts/use-words';
import styles from './begin-at.module.css';

export interface BeginAtProps {
  readonly isPending: boolean;
  /** Why nothing can be started now. */
  readonly refusal: string | undefined;
  /** @param at ISO 8601, in UTC */
  onBegin(at: string): void;
}

export function BeginAt({ isPending, refusal, onBegin }: BeginAtProps) {
  const { t } = useWords();
  const id = useId();
  const now = useNow();
  const [chosen, setChosen] = useState('');
  const at = Date.parse(chosen);
  const timeRefusal = (): string | undefined => {
    if (Number.isNaN(at)) return t('plan.atMissing');
    return at <= now ? t('plan.atPassed') : undefined;
  };
  return (
    <div className={styles['later']}>
      <label htmlFor={id}>
        {t('plan.at', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
      </label>
      <div className={styles['row']}>
        <input
          id={id}
          type="datetime-local"
          value={chosen}
          onChange={({ target }) => setChosen(target.value)}
        />
        <ReasonButton
          variant="secondary"
          iconStart={<RiTimerLine aria-hidden />}
          isPending={isPending}
          refusal={refusal ?? timeRefusal()}
          onPress={() => onBegin(new Date(at).toISOString())}
        >
          {t('plan.startAt')}
        </ReasonButton>
      </div>
    </div>
  );
}
