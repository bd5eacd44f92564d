/** What the field takes and answers; the same in both frontend systems. */
import { makeFieldSchema, type CustomFieldValidator } from '@backstage/plugin-scaffolder-react';
import { vmMigrateApiRef } from '../surface/api-ref';
import { liveHubOf } from '../surface/live-hub';
import { operationQuery } from '../surface/queries';
import { inWords } from './field-words';
import { faultOfPlace, type VmPlace } from './place';
import { VmPlacePicker } from './vm-place-picker';

const schema = makeFieldSchema({
  output: z =>
    z.object({
      target: z.string().optional().describe('Configured target; the default one when absent'),
      storageClass: z
        .string()
        .optional()
        .describe("One class for all volumes; by the target's rules when absent"),
    }),
});

/** What the field itself shows is new enough. */
const FRESH_MS = 60_000;

const validation: CustomFieldValidator<VmPlace> = async (value, field, { apiHolder }) => {
  const api = apiHolder.get(vmMigrateApiRef);
  if (api === undefined) return;
  // Where nobody says what there is, the plan will say what is wrong with it.
  const targets = await liveHubOf(api)
    .queries.fetchQuery({
      ...operationQuery(api, 'getTargets', {}, 'places'),
      staleTime: FRESH_MS,
    })
    .catch(() => undefined);
  if (targets === undefined) return;
  const place = value ?? {};
  const fault = faultOfPlace(place, targets);
  if (fault === undefined) return;
  const { target = '', storageClass = '' } = place;
  field.addError(
    inWords(apiHolder, t => t(`vmPlace.faults.${fault}`, { target, storageClass }), fault),
  );
};

export const vmPlacePickerField = {
  name: 'VmPlacePicker',
  component: VmPlacePicker,
  validation,
  schema,
};
