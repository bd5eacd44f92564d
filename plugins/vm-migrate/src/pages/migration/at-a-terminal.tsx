/** The commands that do at a terminal what the page does, those that come next first. */
import type { DescriptionView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiTerminalBoxLine } from '@remixicon/react';
import { Command } from '../../parts/command';
import { useWords } from '../../parts/use-words';
import { ACTS, commandOf, refusalOf } from './acts';
import styles from './migration.module.css';

export function AtATerminal({ description }: { readonly description: DescriptionView }) {
  const { t } = useWords();
  const { migration, next } = description;
  const { id } = migration;
  const first = new Set(next.map(({ command }) => command));
  const others = [
    ...ACTS.filter(act => refusalOf(act, { migration, mayControl: true }) === undefined).map(
      act => ({ command: commandOf(act, id), why: t(`migration.act.${act}`) }),
    ),
    { command: `kubectl vm-migrate describe ${id}`, why: t('migration.terminal.describe') },
    { command: `kubectl vm-migrate logs ${id} --follow`, why: t('migration.terminal.logs') },
    { command: `kubectl vm-migrate report ${id}`, why: t('migration.terminal.report') },
  ].filter(({ command }) => !first.has(command));
  return (
    <details className={styles['terminal']}>
      <summary>
        <RiTerminalBoxLine aria-hidden />
        {t('migration.terminal.title')}
      </summary>
      <div className={styles['stack']}>
        {[...next, ...others].map(({ command, why }) => (
          <Command key={command} command={command}>
            {why}
          </Command>
        ))}
      </div>
    </details>
  );
}
