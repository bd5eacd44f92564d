/** Our pages and the way between them; the app decides what they are mounted under. */
import { Route, Routes } from 'react-router-dom';
import { SurfaceProvider, type SurfaceProps } from '../surface/surface';
import { MigrationsPage } from './migrations/migrations-page';
import { NewMigrationPage } from './new-migration/new-migration-page';
import { OperationsPage } from './operations/operations-page';
import { MigrationPage } from './migration/migration-page';
import { NoSuchPage } from './no-such-page';

export function Pages(props: SurfaceProps) {
  return (
    <SurfaceProvider {...props}>
      <Routes>
        <Route path="/" element={<MigrationsPage />} />
        <Route path="/new" element={<NewMigrationPage />} />
        <Route path="/operations" element={<OperationsPage />} />
        <Route path="/migrations/:id/:tab?" element={<MigrationPage />} />
        <Route path="*" element={<NoSuchPage />} />
      </Routes>
    </SurfaceProvider>
  );
}
