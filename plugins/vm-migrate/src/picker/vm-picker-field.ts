/** What the field takes and answers; the same in both frontend systems. */
import { makeFieldSchema, type CustomFieldValidator } from '@backstage/plugin-scaffolder-react';
import { inWords } from './field-words';
import { VmPicker, type VmPickerOptions } from './vm-picker';

const schema = makeFieldSchema({
  output: z => z.string().describe('An entity ref, or SOURCE/NAME'),
  uiOptions: z => z.object({ source: z.string().optional().describe('Only VMs of this source') }),
});

/** `kind:namespace/name` or `SOURCE/NAME`: a slash with something on both sides. */
export function isVmReference(text: string): boolean {
  return /^[^/]+\/.+$/s.test(text.trim());
}

const validation: CustomFieldValidator<string, VmPickerOptions> = (value, field, { apiHolder }) => {
  // A field of a list's items is asked about the whole list.
  const chosen: readonly (string | null | undefined)[] = [value].flat();
  const hasWrong = chosen.some(vm => (vm ?? '') !== '' && !isVmReference(vm ?? ''));
  if (hasWrong) field.addError(inWords(apiHolder, t => t('picker.invalid'), 'SOURCE/NAME'));
  // The field itself says so of one that must be chosen and is not.
  else if (chosen.includes('')) field.addError(inWords(apiHolder, t => t('picker.missing'), 'VM'));
};

export const vmPickerField = { name: 'VmPicker', component: VmPicker, validation, schema };
