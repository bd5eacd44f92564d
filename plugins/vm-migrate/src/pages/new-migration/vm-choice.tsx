/** Which VM: all of the configured sources, under the source that each is in. */
import { Link, SearchField, Text } from '@backstage/ui';
import type { SourceView, VmView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { printable } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import {
  RiComputerLine,
  RiDatabase2Line,
  RiErrorWarningLine,
  RiSearchLine,
} from '@remixicon/react';
import { useDeferredValue, useMemo, useState } from 'react';
import { Empty } from '../../parts/empty';
import { Failure } from '../../parts/failure';
import { Section } from '../../parts/section';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { referenceOf } from '../../surface/vm-reference';
import styles from './new-migration.module.css';
import { vmGroups, type VmGroup } from './vm-groups';

/** Listing a source is work for it. */
const SOURCES_MS = 60_000;
/** Of one source at a time; more are found by typing. */
const MOST_SHOWN = 100;

export function VmChoice() {
  const { t } = useWords();
  const vms = useOperation('getVms', {}, { of: 'places', refetchMs: SOURCES_MS });
  const sources = useOperation('getSources', {}, { of: 'places', refetchMs: SOURCES_MS });
  const [typed, setTyped] = useState('');
  const searched = useDeferredValue(typed);
  const all = vms.data;
  const groups = useMemo(() => vmGroups(all ?? [], searched, MOST_SHOWN), [all, searched]);
  const broken = (sources.data ?? []).filter(({ error }) => error !== null);
  return (
    <div className={styles['choice']}>
      <Text as="h2" variant="title-small">
        {t('newMigration.choose')}
      </Text>
      <SearchField
        aria-label={t('newMigration.find')}
        placeholder={t('newMigration.findWhat')}
        size="medium"
        value={typed}
        onChange={setTyped}
      />
      {vms.error !== null && <Failure error={vms.error.data} />}
      {broken.map(source => (
        <BrokenSource key={source.name} source={source} />
      ))}
      {all === undefined && vms.error === null && <Waiting lines={6} />}
      {groups.map(group => (
        <GroupOfVms key={group.source} group={group} all={all ?? []} />
      ))}
      {all !== undefined && groups.length === 0 && (
        <NoVms isSearch={all.length > 0} hasSources={(sources.data ?? []).length > 0} />
      )}
    </div>
  );
}

function GroupOfVms({ group, all }: { readonly group: VmGroup; readonly all: readonly VmView[] }) {
  const { t } = useWords();
  const { source, vms, more } = group;
  return (
    <Section
      title={source}
      aside={
        <span className={styles['quiet']}>
          {t('newMigration.vms', { count: vms.length + more })}
        </span>
      }
    >
      <ul className={styles['vms']}>
        {vms.map(vm => (
          <VmRow key={vm.id} vm={vm} reference={referenceOf(vm, all)} />
        ))}
      </ul>
      {more > 0 && <p className={styles['quiet']}>{t('newMigration.more', { count: more })}</p>}
    </Section>
  );
}

function VmRow({ vm, reference }: { readonly vm: VmView; readonly reference: string }) {
  const { t } = useWords();
  const { links } = useSurface();
  const { name, location, migration, error } = vm;
  return (
    <li className={styles['vm']}>
      <RiComputerLine aria-hidden />
      <span className={styles['vmWords']}>
        {error === null ? (
          <Link href={links.newMigration(reference)} weight="bold">
            {printable(name)}
          </Link>
        ) : (
          <b>{printable(name)}</b>
        )}
        <span className={styles['place']} title={location}>
          {printable(location)}
        </span>
        {error !== null && (
          <span className={styles['vmError']}>
            <RiErrorWarningLine aria-hidden /> {error}
          </span>
        )}
      </span>
      {migration !== null && (
        <span className={styles['vmMigration']}>
          <StateTag state={migration.state} />
          <Link href={links.migration(migration.id)} variant="body-small">
            {t('newMigration.seeMigration', { id: migration.id })}
          </Link>
        </span>
      )}
    </li>
  );
}

function BrokenSource({ source: { name, error } }: { readonly source: SourceView }) {
  const { t } = useWords();
  if (error === null) return null;
  return (
    <Failure
      error={{ ...error, message: t('newMigration.broken', { name, message: error.message }) }}
    />
  );
}

function NoVms({
  isSearch,
  hasSources,
}: {
  readonly isSearch: boolean;
  readonly hasSources: boolean;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  if (isSearch)
    return (
      <Empty icon={<RiSearchLine aria-hidden />} title={t('newMigration.nothingFits')}>
        {t('newMigration.nothingFitsWords')}
      </Empty>
    );
  return (
    <Empty
      icon={<RiDatabase2Line aria-hidden />}
      title={hasSources ? t('newMigration.noVms') : t('newMigration.noSources')}
      next={<Link href={links.operations()}>{t('nav.operations')}</Link>}
    >
      {hasSources ? t('newMigration.noVmsWords') : t('newMigration.noSourcesWords')}
    </Empty>
  );
}
