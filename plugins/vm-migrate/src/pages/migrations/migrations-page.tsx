import { Link } from '@backstage/ui';
import { StateTag } from '../../parts/state-tag';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { PageFrame } from '../page-frame';

export function MigrationsPage() {
  const { links } = useSurface();
  const { data = [] } = useOperation('getMigrations', {});
  return (
    <PageFrame>
      <ul>
        {data.map(({ id, vm, state }) => (
          <li key={id}>
            <Link href={links.migration(id)}>{vm}</Link> <StateTag state={state} />
          </li>
        ))}
      </ul>
    </PageFrame>
  );
}
