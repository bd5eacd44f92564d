/** Each source: can it be opened, and which VMs are unreadable. */
import { hostname } from 'node:os';
import { configuredSource, SOURCE_KINDS } from '../sources/configured-source';
import { places } from '../store/places';
import type { PlaceRow } from '../store/store';
import { failed, ok, warning, type Check, type CheckContext, type DoctorCheck } from './check';

export const checkSources: Check = async context => {
  const known = await knownSources(context);
  if (known.length === 0)
    return [
      {
        name: 'sources',
        state: 'skipped',
        found: 'none are configured',
        remedy:
          'A VM can be named by the path to its folder. To name a source: vmMigrate.sources in the configuration, docs/cli.md shows how.',
      },
    ];
  return Promise.all(known.map(checkSource));
};

async function knownSources({
  config,
  database,
}: Pick<CheckContext, 'config' | 'database'>): Promise<readonly PlaceRow[]> {
  if (database !== undefined) return places(database, 'source');
  const configured = config?.sources ?? [];
  return configured.map(({ name, kind, options }) => ({
    name,
    kind,
    options,
    credentialRef: null,
    host: null,
  }));
}

/** Those that this machine reads, of a kind that is known here. */
export async function sourcesHere(
  context: Pick<CheckContext, 'config' | 'database'>,
): Promise<readonly PlaceRow[]> {
  const known = await knownSources(context);
  return known.filter(row => isReachedHere(row) && isKnownKind(row));
}

function isReachedHere({ host }: PlaceRow): boolean {
  return host === null || host === hostname();
}

function isKnownKind({ kind }: PlaceRow): boolean {
  return (SOURCE_KINDS as readonly string[]).includes(kind);
}

async function checkSource(row: PlaceRow): Promise<DoctorCheck> {
  const { name, kind, options, host } = row;
  const title = `source ${name}`;
  if (!isReachedHere(row))
    return {
      name: title,
      state: 'skipped',
      found: `only ${host ?? '?'} reaches it`,
      remedy: `Run doctor on ${host ?? '?'}.`,
    };
  if (!isKnownKind(row))
    return {
      name: title,
      state: 'skipped',
      found: `kind ${kind} is not looked into here`,
      remedy: 'Run doctor where its plugin is installed.',
    };
  try {
    const vms = await configuredSource({ name, kind, options }).listVms();
    const broken = vms.filter(({ error }) => error !== undefined);
    const found = `${vms.length} ${vms.length === 1 ? 'VM' : 'VMs'} in ${String(options['folder'] ?? options['url'])}`;
    if (vms.length === 0)
      return warning(
        title,
        found,
        'Check the folder: a VM is a folder with a .vmx, or with VMDK files.',
      );
    if (broken.length === 0) return ok(title, found);
    return warning(
      title,
      `${found}; unreadable: ${broken.map(vm => `${vm.name} (${vm.error ?? ''})`).join(', ')}`,
      'See each with: kubectl vm-migrate tree VM',
    );
  } catch (error) {
    return failed(title, error, 'Check the folder or the server, and who may read it.');
  }
}
