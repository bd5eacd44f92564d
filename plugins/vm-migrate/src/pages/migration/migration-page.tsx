import { useParams } from 'react-router-dom';
import { useOperation } from '../../surface/queries';
import { PageFrame } from '../page-frame';

export function MigrationPage() {
  const { id = '' } = useParams();
  const { data } = useOperation('describe', { migration: id });
  return <PageFrame>{data?.migration.state}</PageFrame>;
}
