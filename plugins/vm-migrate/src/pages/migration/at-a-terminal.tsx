/** The commands that do at a terminal what the page does, those that come next first. */
import type { DescriptionView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiTerminalBoxLine } from '@remixicon/react';
import { CommandLine } from '../../parts/command-line';
import { EngineText } from '../../parts/engine-text';
import { useWords } from '../../parts/use-words';
import { ACTS, refusalOf } from '../acts/acts';
import styles from './migration.module.css';

export function AtATerminal({ description }: { readonly description: DescriptionView }) {
  const { t } = useWords();
  const { migration, next } = description;
  const { id } = migration;
  const program = 'kubectl vm-migrate';
  const first = new Set(next.map(({ command }) => command));
  const others = [
    ...ACTS.filter(act => refusalOf(act, migration) === undefined).map(act => ({
      command: `${program} ${act} ${id}${act === 'cancel' ? ' --keep-all' : ''}`,
      why: t(`acts.${act}.name`),
    })),
    ...(migration.snapshots.ready > 0
      ? [{ command: `${program} verify ${id} --full`, why: t('migration.verify.why') }]
      : []),
    { command: `${program} describe ${id}`, why: t('migration.terminal.describe') },
    { command: `${program} logs ${id} --follow`, why: t('migration.terminal.logs') },
    { command: `${program} report ${id}`, why: t('migration.terminal.report') },
  ].filter(({ command }) => !first.has(command));
  return (
    <details className={styles['terminal']}>
      <summary>
        <RiTerminalBoxLine aria-hidden />
        {t('migration.terminal.title')}
      </summary>
      <dl className={styles['commands']}>
        {[...next, ...others].map(({ command, why }) => (
          <div key={command}>
            <dt>{first.has(command) ? <EngineText>{why}</EngineText> : why}</dt>
            <dd>
              <CommandLine command={command} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
