/** The plan of what a form says so far, and its findings, which a person accepts one by one. */
import type { CatalogApi } from '@backstage/plugin-catalog-react';
import { printable, type PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useEffect, useState } from 'react';
import { SnapshotList } from '../history/snapshot-list';
import { openFindings } from '../parts/accepted';
import { Answer } from '../parts/answer';
import { Failure } from '../parts/failure';
import { FindingsReview } from '../parts/findings-review';
import { bytesText } from '../parts/format';
import { PlanFigures } from '../parts/plan-figures';
import { Section } from '../parts/section';
import { useSettled } from '../parts/use-settled';
import { useWords } from '../parts/use-words';
import { Waiting } from '../parts/waiting';
import { usePlanned } from '../surface/use-planned';
import styles from './plan-review.module.css';
import {
  acceptedBefore,
  isSameReview,
  NOT_REVIEWED,
  reviewedOf,
  type Asked,
  type VmPlanReviewed,
} from './review';
import { useNamedVm } from './use-named-vm';

export interface PlanReviewProps {
  /** What the form says now; undefined: no VM. */
  readonly asked: Asked | undefined;
  readonly reviewed: Partial<VmPlanReviewed> | undefined;
  readonly onChange: (reviewed: VmPlanReviewed) => void;
  /** What blocks keeps nobody from going on. */
  readonly goesOn: boolean;
  readonly catalog: Pick<CatalogApi, 'getEntityByRef'> | undefined;
}

export function PlanReview({ asked, ...rest }: PlanReviewProps) {
  const { t } = useWords();
  const vm = useSettled(asked?.vm ?? '');
  if (asked === undefined || vm === '')
    return <p className={styles['words']}>{t('vmPlan.noVm')}</p>;
  return <PlanOfNamed {...rest} asked={{ ...asked, vm }} />;
}

type OfAsked = PlanReviewProps & { readonly asked: Asked };

function PlanOfNamed({ catalog, ...rest }: OfAsked) {
  const { reference, error } = useNamedVm(catalog, rest.asked.vm);
  if (error !== undefined) return <Failure error={error} />;
  if (reference === undefined) return <Waiting lines={5} />;
  // What is accepted of one VM's plan is not of another's.
  return <PlanOfVm key={reference} {...rest} reference={reference} />;
}

function PlanOfVm({
  asked,
  reference,
  reviewed,
  onChange,
  goesOn,
}: Omit<OfAsked, 'catalog'> & { readonly reference: string }) {
  const { t, language } = useWords();
  const [accepted, setAccepted] = useState(() => acceptedBefore(reviewed, asked.vm));
  const { plan, error, isCurrent, isOfChosen, again } = usePlanned(reference, () => asked.options);
  const sayNow = (): VmPlanReviewed | undefined => {
    if (error !== null) return NOT_REVIEWED;
    // One that was asked for before is told at once: a start takes it by its digest, or not at all.
    if (plan === undefined || !isOfChosen) return undefined;
    return reviewedOf(plan, accepted, asked, t('vmPlan.summary', summaryOf(plan, { t, language })));
  };
  useSaid(sayNow(), reviewed, onChange);

  const open = plan === undefined ? [] : openFindings(plan.findings, accepted);
  const status = (): string => {
    if (error !== null) return t('plan.refusal.failed');
    if (!isCurrent) return t('plan.refusal.planning');
    if (open.length === 0) return '';
    if (goesOn) return t('vmPlan.blocks', { count: open.length });
    return open.every(({ acceptable }) => acceptable)
      ? t('plan.refusal.accept', { count: open.length })
      : t('plan.refusal.blocked', { count: open.length });
  };
  return (
    <div className={styles['review']}>
      <p role="status" className={styles['words']}>
        {status()}
      </p>
      <Answer query={{ data: plan, error, refetch: again }} lines={6}>
        {shown => (
          <div className={styles['plan']} data-outdated={!isCurrent} aria-busy={!isCurrent}>
            <PlanFigures plan={shown} />
            <FindingsReview findings={shown.findings} accepted={accepted} onChange={setAccepted} />
            <Disks plan={shown} />
            <Kept plan={shown} />
          </div>
        )}
      </Answer>
    </div>
  );
}

/** Tells the form what it does not have yet. */
function useSaid(
  said: VmPlanReviewed | undefined,
  reviewed: Partial<VmPlanReviewed> | undefined,
  onChange: (reviewed: VmPlanReviewed) => void,
): void {
  // After every rendering: of two fields that say something at once the form keeps the later one.
  useEffect(() => {
    if (said !== undefined && !isSameReview(said, reviewed)) onChange(said);
  });
}

function Disks({ plan }: { readonly plan: PlanView }) {
  const { t, language } = useWords();
  return (
    <Section title={t('newMigration.target.disks')}>
      <ul className={styles['disks']}>
        {plan.disks.map(({ id, label, rootFile, sizeBytes, storageClass, leftOut }) => (
          <li key={id}>
            <b>{t('newMigration.target.disk', { label })}</b>
            <span className={styles['quiet']}>
              {printable(rootFile)} · {bytesText(sizeBytes, language)}
            </span>
            <span>{leftOut === undefined ? storageClass : t('newMigration.target.leftOut')}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Kept({ plan }: { readonly plan: PlanView }) {
  const { t } = useWords();
  const { snapshots } = plan;
  const kept = new Set(snapshots.filter(each => each.kept).map(({ id }) => id));
  return (
    <Section title={t('newMigration.keep.history')}>
      {snapshots.length === 0 ? (
        <p className={styles['words']}>{t('newMigration.keep.noSnapshots')}</p>
      ) : (
        <SnapshotList plan={plan} kept={kept} />
      )}
    </Section>
  );
}

function summaryOf(
  { vm, snapshots, target, disks, totals }: PlanView,
  { t, language }: ReturnType<typeof useWords>,
) {
  const classes = new Set(
    disks.filter(({ leftOut }) => leftOut === undefined).map(({ storageClass }) => storageClass),
  );
  return {
    vm: printable(vm.name),
    kept: String(snapshots.filter(({ kept }) => kept).length),
    total: String(snapshots.length),
    target: printable(target),
    classes: [...classes].map(printable).join(', '),
    bytes: bytesText(totals.dataBytes, language),
    volumes: t('plan.volumes', { count: totals.volumes }),
  };
}
