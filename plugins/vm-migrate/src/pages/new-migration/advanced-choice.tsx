/** What is rarely chosen: names of the objects, the present state, how much is compared. */
import {
  Accordion,
  AccordionPanel,
  AccordionTrigger,
  Checkbox,
  NumberField,
  TextField,
} from '@backstage/ui';
import { useWords } from '../../parts/use-words';
import { isPrefixRight, type Draft } from './draft';
import styles from './new-migration.module.css';

const MOST_WINDOWS = 10_000;

export interface AdvancedChoiceProps {
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
}

export function AdvancedChoice({ isOpen, onOpen, draft, onChange }: AdvancedChoiceProps) {
  const { t } = useWords();
  const { namePrefix, cutCurrent, sampleWindows } = draft;
  return (
    <Accordion isExpanded={isOpen} onExpandedChange={onOpen}>
      <AccordionTrigger level={2} title={t('newMigration.advanced.title')} />
      <AccordionPanel>
        <div className={styles['advanced']}>
          <TextField
            label={t('newMigration.advanced.prefix')}
            description={t('newMigration.advanced.prefixWords')}
            value={namePrefix}
            onChange={value => onChange({ namePrefix: value })}
            validationBehavior="aria"
            validate={value =>
              isPrefixRight(value) ? undefined : t('newMigration.advanced.prefixWrong')
            }
          />
          <NumberField
            label={t('newMigration.advanced.sample')}
            description={t('newMigration.advanced.sampleWords')}
            minValue={0}
            maxValue={MOST_WINDOWS}
            {...(sampleWindows === undefined ? {} : { value: sampleWindows })}
            onChange={value =>
              onChange({ sampleWindows: Number.isFinite(value) ? value : undefined })
            }
          />
          <Checkbox isSelected={cutCurrent} onChange={value => onChange({ cutCurrent: value })}>
            {t('newMigration.advanced.cutCurrent')}
          </Checkbox>
        </div>
      </AccordionPanel>
    </Accordion>
  );
}
