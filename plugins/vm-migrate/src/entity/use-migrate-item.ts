/** What the item of a VM's menu says and does. Small: the app loads it with itself. */
import { useEntity } from '@backstage/plugin-catalog-react';
import { useNavigate } from 'react-router-dom';
import { useWords } from '../parts/use-words';
import { usePluginSurface } from '../surface/plugin-surface';
import { vmOf } from './entity-vm';

export function useMigrateItem() {
  const { entity } = useEntity();
  const { links } = usePluginSurface();
  const { t } = useWords();
  const navigate = useNavigate();
  const vm = vmOf(entity);
  return {
    title: t('entity.menu'),
    disabled: vm === undefined,
    onClick: () => {
      if (vm !== undefined) navigate(links.newMigration(vm.reference));
    },
  };
}
