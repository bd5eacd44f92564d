/** One VM's choices on one side, the plan that comes of them on the other. */
import { Link, Text } from '@backstage/ui';
import { printable } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { Failure } from '../../parts/failure';
import { FindingsReview } from '../../parts/findings-review';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { usePlanned } from '../../surface/use-planned';
import { AdvancedChoice } from './advanced-choice';
import { isPrefixRight, optionsOf } from './draft';
import { EarlierNotice } from './earlier-migration';
import { KeepChoice } from './keep-choice';
import styles from './new-migration.module.css';
import { PlanSummary } from './plan-summary';
import { TargetChoice } from './target-choice';
import { useDraft } from './use-draft';
import { useEarlierMigration } from './use-earlier-migration';

/** Free space and proofs of classes change without an event. */
const TARGETS_MS = 60_000;

export function PlanDraft({ vm }: { readonly vm: string }) {
  const { draft, change } = useDraft(vm);
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set());
  const [isAdvanced, setAdvanced] = useState(() => !isPrefixRight(draft.namePrefix));
  const planned = usePlanned(vm, last => optionsOf(draft, last?.snapshots ?? []));
  const targets = useOperation('getTargets', {}, { of: 'places', refetchMs: TARGETS_MS });
  const { plan, error, isCurrent } = planned;
  const target = targets.data?.find(({ name }) => name === (draft.target ?? plan?.target));
  const earlier = useEarlierMigration(plan);
  return (
    <>
      <ChosenVm
        vm={plan === undefined ? vm : `${plan.vm.source}/${plan.vm.name}`}
        location={plan?.vm.location}
      />
      {earlier !== undefined && <EarlierNotice earlier={earlier} />}
      {error !== null && <Failure error={error.data} />}
      <div className={styles['draft']}>
        <div className={styles['choices']} aria-busy={!isCurrent}>
          {plan === undefined && error === null && <Waiting lines={8} />}
          {plan !== undefined && (
            <KeepChoice
              plan={plan}
              isCurrent={isCurrent}
              draft={draft}
              onChange={change}
              target={target}
            />
          )}
          {(plan !== undefined || error !== null) && (
            <TargetChoice
              plan={plan}
              draft={draft}
              onChange={change}
              targets={targets.data}
              failure={targets.error}
            />
          )}
          {plan !== undefined && (
            <>
              <FindingsReview findings={plan.findings} accepted={accepted} onChange={setAccepted} />
              <AdvancedChoice
                isOpen={isAdvanced}
                onOpen={setAdvanced}
                draft={draft}
                onChange={change}
              />
            </>
          )}
        </div>
        <PlanSummary
          vm={vm}
          planned={planned}
          isPrefixWrong={!isPrefixRight(draft.namePrefix)}
          accepted={accepted}
          earlier={earlier?.ids ?? []}
          onNamesTaken={() => setAdvanced(true)}
        />
      </div>
    </>
  );
}

function ChosenVm({
  vm,
  location,
}: {
  readonly vm: string;
  readonly location: string | undefined;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <div className={styles['chosen']}>
      <div>
        <Text as="h2" variant="title-small">
          {printable(vm)}
        </Text>
        {location !== undefined && (
          <div className={styles['place']} title={location}>
            {printable(location)}
          </div>
        )}
      </div>
      <Link href={links.newMigration()}>{t('newMigration.other')}</Link>
    </div>
  );
}
