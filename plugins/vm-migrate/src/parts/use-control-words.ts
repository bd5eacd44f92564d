/** Remedies as the engine words them for a terminal, in the names of our own controls. */
import { inWordsOf } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useCallback } from 'react';
import { useWords } from './use-words';

export function useControlWords(): (text: string) => string {
  const { t } = useWords();
  return useCallback(
    (text: string) => {
      const quoted = (name: string): string => t('controls.quoted', { name });
      const under = (name: string, section: string): string =>
        t('controls.under', { name, section });
      const keep = t('newMigration.keep.title');
      return inWordsOf(text, {
        storageClass: under(t('newMigration.target.class'), t('newMigration.target.title')),
        keep: quoted(keep),
        keepNewest: `${under(t('newMigration.keep.newest'), keep)}: {0}`,
        namePrefix: quoted(t('newMigration.advanced.prefix')),
        accept: quoted(t('review.accept')),
        pause: quoted(t('acts.pause.name')),
        resume: quoted(t('acts.resume.name')),
        retry: quoted(t('acts.retry.name')),
        cancel: quoted(t('acts.cancel.name')),
        verify: quoted(t('migration.verify.name')),
        start: quoted(t('nav.new')),
        plan: quoted(t('nav.new')),
        tree: quoted(t('migration.tab.history')),
        limits: under(t('operations.limits.title'), t('nav.operations')),
        sources: under(t('operations.sources.title'), t('nav.operations')),
        targets: under(t('operations.targets.title'), t('nav.operations')),
        workers: under(t('operations.workers.title'), t('nav.operations')),
        vms: quoted(t('nav.new')),
        migrations: quoted(t('nav.migrations')),
      });
    },
    [t],
  );
}
