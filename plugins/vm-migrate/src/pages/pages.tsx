/** Our pages and the way between them; the app decides what they are mounted under. */
import { Route, Routes } from 'react-router-dom';
import { SurfaceProvider, type SurfaceProps } from '../surface/surface';
import { MigrationsPage } from './migrations/migrations-page';
import { MigrationPage } from './migration/migration-page';

export function Pages(props: SurfaceProps) {
  return (
    <SurfaceProvider {...props}>
      <Routes>
        <Route path="/" element={<MigrationsPage />} />
        <Route path="/migrations/:id" element={<MigrationPage />} />
      </Routes>
    </SurfaceProvider>
  );
}
