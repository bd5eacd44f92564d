/** The way from a VM to its migration, for those who may start one. */
import { planPermission } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useNavigate } from 'react-router-dom';
import { ReasonButton } from '../parts/reason-button';
import { useWords } from '../parts/use-words';
import { useSurface } from '../surface/surface';
import { useMay } from '../surface/use-may';
import type { EntityVm } from './entity-vm';

export function NewMigrationButton({
  vm,
  variant,
}: {
  readonly vm: EntityVm;
  readonly variant: 'primary' | 'secondary';
}) {
  const { t } = useWords();
  const { links } = useSurface();
  const navigate = useNavigate();
  const mayPlan = useMay(planPermission);
  return (
    <ReasonButton
      size="small"
      variant={variant}
      refusal={mayPlan === false ? t('entity.mayNotPlan') : undefined}
      onPress={() => navigate(links.newMigration(vm.reference))}
    >
      {t('nav.new')}
    </ReasonButton>
  );
}
