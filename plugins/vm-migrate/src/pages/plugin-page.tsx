/** Gives the pages what they need from the new frontend system. */
import { usePluginSurface } from '../surface/plugin-surface';
import { Pages } from './pages';

export function PluginPage() {
  return <Pages {...usePluginSurface()} />;
}
