/** Field `VmPlacePicker` of a software template: where a migration goes to. */
import { useApi } from '@backstage/frontend-plugin-api';
import type { FieldExtensionComponentProps } from '@backstage/plugin-scaffolder-react';
import { useWords } from '../parts/use-words';
import { vmMigrateApiRef } from '../surface/api-ref';
import { ClientProvider } from '../surface/surface';
import { FieldGroup } from './field-group';
import type { VmPlace } from './place';
import { PlaceChoice } from './place-choice';
import { useFirstValue } from './use-first-value';

const NOTHING_CHOSEN: VmPlace = {};

export function VmPlacePicker({
  formData,
  onChange,
  schema,
  disabled = false,
  rawErrors,
  hideError,
}: FieldExtensionComponentProps<VmPlace>) {
  const { t } = useWords();
  useFirstValue(formData, onChange, NOTHING_CHOSEN);
  const api = useApi(vmMigrateApiRef);
  return (
    <FieldGroup
      title={schema.title ?? t('newMigration.target.title')}
      description={schema.description}
      fault={{ rawErrors, hideError }}
    >
      <ClientProvider api={api}>
        <PlaceChoice place={formData ?? {}} onChange={onChange} isDisabled={disabled} />
      </ClientProvider>
    </FieldGroup>
  );
}
