/** What the plan found: what blocks it and how that is mended, what is accepted by id, what is good to know. */
import { Checkbox } from '@backstage/ui';
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { Findings } from './findings';
import { Section } from './section';
import { useWords } from './use-words';

export interface FindingsReviewProps {
  readonly findings: readonly FindingView[];
  /** Ids of those that are accepted. */
  readonly accepted: ReadonlySet<string>;
  readonly onChange: (accepted: ReadonlySet<string>) => void;
}

export function FindingsReview({ findings, accepted, onChange }: FindingsReviewProps) {
  const { t } = useWords();
  const toggle = (id: string) => {
    const next = new Set(accepted);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  // What does not block needs nobody's word.
  const acceptance = ({ id, severity, acceptable }: FindingView) =>
    severity === 'blocks' &&
    acceptable && (
      <Checkbox isSelected={accepted.has(id)} onChange={() => toggle(id)}>
        {t('review.accept')} <code>{id}</code>
      </Checkbox>
    );
  return (
    <Section title={t('review.title', { count: findings.length })}>
      <Findings findings={findings} action={acceptance} />
    </Section>
  );
}
