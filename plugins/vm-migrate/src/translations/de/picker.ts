/** Das Feld einer Vorlage, das eine VM wählt. */
import type { Flat } from '../flat';
import type { picker } from '../en/picker';

export const pickerDe: Flat<typeof picker> = {
  'picker.label': 'VM',
  'picker.description': 'Die VM, die mit ihren Snapshots migriert wird',
  'picker.placeholder': 'Einen Teil des Namens eingeben',
  'picker.invalid':
    'Wählen Sie eine VM der Liste, oder nennen Sie eine als SOURCE/NAME oder als Entity-Ref.',
};
