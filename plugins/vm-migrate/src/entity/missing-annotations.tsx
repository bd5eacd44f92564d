/** An entity that looks like a VM and does not say which: what to write where. */
import type { Entity } from '@backstage/catalog-model';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { CopyButton } from '../parts/copy-button';
import { Empty } from '../parts/empty';
import { useWords } from '../parts/use-words';
import styles from './entity.module.css';
import { missingAnnotations } from './entity-vm';

export function MissingAnnotations({ entity }: { readonly entity: Entity }) {
  const { t } = useWords();
  const missing = missingAnnotations(entity);
  const example = `metadata:
  name: ${entity.metadata.name}
  annotations:
    ${ANNOTATION_SOURCE}: SOURCE
    ${ANNOTATION_VM_ID}: ID`;
  return (
    <Empty title={t('entity.missing.title')}>
      <p>
        {t('entity.missing.words')} {missing.join(', ')}
      </p>
      <div className={styles['example']}>
        <pre tabIndex={0} aria-label={t('entity.missing.example')}>
          {example}
        </pre>
        <CopyButton text={example} what={t('entity.missing.example')} />
      </div>
      <p>
        {t('entity.missing.find')} <code>kubectl vm-migrate get vms -o json</code>
      </p>
    </Empty>
  );
}
