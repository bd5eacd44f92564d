/** From a VM to a migration of it: what to keep, where to, what it costs, and start. */
import { useSearchParams } from 'react-router-dom';
import { PageFrame } from '../page-frame';
import { PlanDraft } from './plan-draft';
import { VmChoice } from './vm-choice';

export function NewMigrationPage() {
  const [query] = useSearchParams();
  const vm = query.get('vm');
  return (
    <PageFrame>
      {vm === null || vm === '' ? <VmChoice /> : <PlanDraft key={vm} vm={vm} />}
    </PageFrame>
  );
}
