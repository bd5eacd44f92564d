/** What every reader of a VMDK says of a file that contradicts itself. */
import { EngineError } from '../../errors';
import type { RandomAccess } from '../random-access';

export const DAMAGED_HINT =
  'The file is cut short or damaged. Copy it again, or leave its snapshots out of the plan.';

export function damaged(
  file: RandomAccess,
  offsetBytes: number,
  expected: string,
  found: string,
): EngineError {
  return new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes },
    expected,
    found,
    hint: DAMAGED_HINT,
  });
}
