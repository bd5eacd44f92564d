/** Field `VmPicker` of a software template: a VM, as an entity ref or as SOURCE/NAME. */
import { useApi, useApiHolder } from '@backstage/frontend-plugin-api';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import type { FieldExtensionComponentProps } from '@backstage/plugin-scaffolder-react';
import { Combobox } from '@backstage/ui';
import { ApiError } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useQuery } from '@tanstack/react-query';
import { Failure } from '../parts/failure';
import '../parts/tokens.module.css';
import { useWords } from '../parts/use-words';
import { vmMigrateApiRef } from '../surface/api-ref';
import { liveHubOf } from '../surface/live-hub';
import { faultToShow } from './field-fault';
import { useFirstValue } from './use-first-value';
import { vmChoices } from './vm-choices';
import styles from './vm-picker.module.css';

export interface VmPickerOptions {
  /** Only VMs of this source. */
  readonly source?: string | undefined;
}

export function VmPicker({
  formData,
  onChange,
  schema,
  uiSchema,
  required = false,
  disabled = false,
  rawErrors = [],
  hideError,
}: FieldExtensionComponentProps<string, VmPickerOptions>) {
  const { t } = useWords();
  const api = useApi(vmMigrateApiRef);
  const catalog = useApiHolder().get(catalogApiRef);
  const source = uiSchema['ui:options']?.source;
  const { data, error } = useQuery(
    {
      queryKey: ['vms to pick', source],
      queryFn: () => vmChoices(catalog, api, source),
      meta: { of: 'places' },
    },
    liveHubOf(api).queries,
  );
  // With an empty text the validator is asked, which says it in our words; of a field without a value
  // the form says itself that a property is missing.
  const nothing = required ? '' : undefined;
  useFirstValue(formData, onChange, nothing);
  const fault = faultToShow({ rawErrors, hideError });
  const isChosen = formData !== undefined && formData !== '';
  const known = data ?? [];
  // What an earlier run of the template chose is shown although it is not offered any more.
  const options =
    !isChosen || known.some(({ value }) => value === formData)
      ? known
      : [{ value: formData, label: formData }, ...known];
  return (
    <>
      <Combobox
        className={styles['picker'] ?? ''}
        label={schema.title ?? t('picker.label')}
        description={schema.description ?? t('picker.description')}
        placeholder={data === undefined && error === null ? t('waiting') : t('picker.placeholder')}
        size="medium"
        menuTrigger="focus"
        isRequired={required}
        isDisabled={disabled}
        validationBehavior="aria"
        // Said as invalid from outside it would show no words of its own.
        {...(fault === undefined ? { isInvalid: rawErrors.length > 0 } : { validate: () => fault })}
        options={[...options]}
        value={isChosen ? formData : null}
        onChange={key => onChange(key === null ? nothing : String(key))}
      />
      {error !== null && (
        <Failure
          error={
            error instanceof ApiError ? error.data : { code: 'INTERNAL', message: error.message }
          }
        />
      )}
    </>
  );
}
