/**
 * The way between our pages. Links, not the tabs of PluginHeader: those name panels that are not there,
 * which a screen reader follows into nothing.
 */
import { Link } from '@backstage/ui';
import { useLocation } from 'react-router-dom';
import { useWords } from '../parts/use-words';
import { useSurface } from '../surface/surface';
import styles from './page-nav.module.css';

/** Our pages that stand for themselves, in the order of the way between them. */
function useNavPages(): readonly { readonly href: string; readonly label: string }[] {
  const { t } = useWords();
  const { links } = useSurface();
  return [
    { href: links.migrations(), label: t('nav.migrations') },
    { href: links.newMigration(), label: t('nav.new') },
    { href: links.operations(), label: t('nav.operations') },
  ];
}

/** The path as links have it. */
function usePath(): string {
  return useLocation().pathname.replace(/\/+$/, '');
}

/** What the way between the pages calls this one; undefined: it is none of those. */
export function useNavLabel(): string | undefined {
  const path = usePath();
  return useNavPages().find(({ href }) => href === path)?.label;
}

export function PageNav() {
  const { t } = useWords();
  const path = usePath();
  return (
    <nav className={styles['nav']} aria-label={t('plugin.title')}>
      {useNavPages().map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          standalone
          {...(path === href ? { 'aria-current': 'page' } : {})}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
