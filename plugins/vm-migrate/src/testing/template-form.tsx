/** Fields in the scaffolder's own form: its steps, its validation, what it tells fields of each other. */
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import { Stepper } from '@backstage/plugin-scaffolder-react/alpha';
import { renderInTestApp } from '@backstage/frontend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmPickerField } from '../picker/vm-picker-field';
import { vmPlacePickerField } from '../picker/vm-place-picker-field';
import { vmPlanReviewField } from '../picker/vm-plan-review-field';
import { vmMigrateApiRef } from '../surface/api-ref';

/** JSON schemas of the pages, as in `spec.parameters` of a template. */
export type FormPage = Readonly<Record<string, unknown>>;

export interface TemplateForm {
  /** Called with all values when the person confirms what the form shows at its end. */
  readonly onCreate: jest.Mock<Promise<void>, [Record<string, unknown>]>;
}

const FIELDS = [vmPickerField, vmPlacePickerField, vmPlanReviewField];

export function renderTemplateForm(
  client: ApiClient,
  pages: readonly FormPage[],
  { entities = [] }: { readonly entities?: readonly Entity[] } = {},
): TemplateForm {
  const onCreate = jest.fn<Promise<void>, [Record<string, unknown>]>(() => Promise.resolve());
  const manifest = {
    title: 'A template',
    steps: pages.map((schema, at) => ({ title: `Page ${at + 1}`, schema })),
  };
  renderInTestApp(
    <Stepper
      manifest={manifest as never}
      extensions={FIELDS as never}
      onCreate={onCreate as never}
    />,
    {
      apis: [
        [vmMigrateApiRef, client],
        [
          catalogApiRef,
          {
            getEntities: () => Promise.resolve({ items: [...entities] }),
            getEntityByRef: (ref: string) =>
              Promise.resolve(entities.find(({ metadata }) => ref.endsWith(`/${metadata.name}`))),
          },
        ],
      ],
    },
  );
  return { onCreate };
}
