/** The way from a VM to its migration, for those who may start one. */
import { usePermission } from '@backstage/plugin-permission-react';
import { planPermission } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useNavigate } from 'react-router-dom';
import { ReasonButton } from '../parts/reason-button';
import { useWords } from '../parts/use-words';
import { useSurface } from '../surface/surface';
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
  const { allowed, loading } = usePermission({ permission: planPermission });
  return (
    <ReasonButton
      size="small"
      variant={variant}
      refusal={loading || allowed ? undefined : t('entity.mayNotPlan')}
      onPress={() => navigate(links.newMigration(vm.reference))}
    >
      {t('nav.new')}
    </ReasonButton>
  );
}
