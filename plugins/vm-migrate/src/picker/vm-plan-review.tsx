/** Field `VmPlanReview` of a software template: the plan of what the form says, and its findings, before anything runs. */
import { useApi, useApiHolder } from '@backstage/frontend-plugin-api';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import type { FieldExtensionComponentProps } from '@backstage/plugin-scaffolder-react';
import { useWords } from '../parts/use-words';
import { vmMigrateApiRef } from '../surface/api-ref';
import { ClientProvider } from '../surface/surface';
import { FieldGroup } from './field-group';
import { PlanReview } from './plan-review';
import {
  askedOf,
  goesOnWhateverBlocks,
  NOT_REVIEWED,
  type VmPlanReviewed,
  type VmPlanReviewOptions,
} from './review';
import { useFirstValue } from './use-first-value';

export function VmPlanReview({
  formData,
  formContext,
  onChange,
  schema,
  uiSchema,
  rawErrors,
  hideError,
}: FieldExtensionComponentProps<VmPlanReviewed, VmPlanReviewOptions>) {
  const { t } = useWords();
  const api = useApi(vmMigrateApiRef);
  const catalog = useApiHolder().get(catalogApiRef);
  useFirstValue(formData, onChange, NOT_REVIEWED);
  const options = uiSchema['ui:options'];
  // Everything that is filled in, on earlier pages of the form as well.
  const form: unknown = (formContext as { readonly formData?: unknown } | undefined)?.formData;
  return (
    <FieldGroup
      title={schema.title ?? t('plan.title')}
      description={schema.description}
      fault={{ rawErrors, hideError }}
    >
      <ClientProvider api={api}>
        <PlanReview
          asked={askedOf(form, options)}
          reviewed={formData}
          onChange={onChange}
          goesOn={goesOnWhateverBlocks(form, options)}
          catalog={catalog}
        />
      </ClientProvider>
    </FieldGroup>
  );
}
