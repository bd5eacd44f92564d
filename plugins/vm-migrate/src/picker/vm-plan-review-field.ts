/** What the field takes and answers; the same in both frontend systems. */
import { makeFieldSchema, type CustomFieldValidator } from '@backstage/plugin-scaffolder-react';
import { inWords } from './field-words';
import { faultOfReview, type VmPlanReviewed, type VmPlanReviewOptions } from './review';
import { VmPlanReview } from './vm-plan-review';

const schema = makeFieldSchema({
  output: z =>
    z.object({
      accept: z.array(z.string()).describe('Ids of the findings that were accepted'),
      planDigest: z
        .string()
        .describe('Of the plan that was shown: vm-migrate:start with it starts no other'),
      blocking: z.array(z.string()).describe('Ids of what blocks and was not accepted'),
      summary: z.string().describe('The plan in one line'),
      plannedFor: z.string().describe('What the form said then; for the field itself'),
    }),
  uiOptions: z =>
    z.object({
      vm: z.string().optional().describe('Field of the form with the VM; vm when absent'),
      keep: z.string().optional().describe('Field with what is kept; keep when absent'),
      place: z
        .string()
        .optional()
        .describe('Field with { target, storageClass }; place when absent'),
      cutCurrent: z
        .string()
        .optional()
        .describe(
          'Field that asks for a VolumeSnapshot of the current state; cutCurrent when absent',
        ),
      namePrefix: z
        .string()
        .optional()
        .describe('Field with the prefix of all object names; namePrefix when absent'),
      onBlocking: z
        .enum(['stop', 'continue'])
        .optional()
        .describe(
          'What a blocking finding that nobody accepted does to the form; stop when absent',
        ),
      continueWhen: z
        .record(z.unknown())
        .optional()
        .describe('As onBlocking: continue, while these fields of the form have these values'),
    }),
});

const validation: CustomFieldValidator<VmPlanReviewed, VmPlanReviewOptions> = (
  value,
  field,
  { apiHolder, formData, uiSchema },
) => {
  const fault = faultOfReview(value, formData, uiSchema?.['ui:options']);
  if (fault === undefined) return;
  field.addError(
    inWords(
      apiHolder,
      t =>
        fault.kind === 'noPlan'
          ? t('vmPlan.faults.noPlan')
          : t('vmPlan.faults.blocking', { count: fault.count }),
      fault.kind,
    ),
  );
};

export const vmPlanReviewField = {
  name: 'VmPlanReview',
  component: VmPlanReview,
  validation,
  schema,
};
