/**
 * The way between our pages. Links, not the tabs of PluginHeader: those name panels that are not there,
 * which a screen reader follows into nothing.
 */
import { Link } from '@backstage/ui';
import { useLocation } from 'react-router-dom';
import { useWords } from '../parts/use-words';
import { useSurface } from '../surface/surface';
import styles from './page-nav.module.css';

export function PageNav() {
  const { t } = useWords();
  const { links } = useSurface();
  const { pathname } = useLocation();
  const pages = [
    { href: links.migrations(), label: t('nav.migrations') },
    { href: links.newMigration(), label: t('nav.new') },
    { href: links.operations(), label: t('nav.operations') },
  ];
  return (
    <nav className={styles['nav']} aria-label={t('plugin.title')}>
      {pages.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          standalone
          {...(pathname.replace(/\/+$/, '') === href ? { 'aria-current': 'page' } : {})}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
