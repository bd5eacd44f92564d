/** Each source: can it be opened, and which VMs are unreadable. */
import { hostname } from 'node:os';
import { configuredSource, SOURCE_KINDS } from '../sources/configured-source';
import { places } from '../store/places';
import type { PlaceRow } from '../store/store';
import { failed, ok, warning, type Check, type DoctorCheck } from './check';

export const checkSources: Check = async ({ config, database }) => {
  const rows = database === undefined ? undefined : await places(database, 'source');
  const known =
    rows ??
    config?.sources.map(({ name, kind, options }): PlaceRow => ({
      name,
      kind,
      options,
      credentialRef: null,
      host: null,
    })) ??
    [];
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

async function checkSource({ name, kind, options, host }: PlaceRow): Promise<DoctorCheck> {
  const title = `source ${name}`;
  if (host !== null && host !== hostname())
    return {
      name: title,
      state: 'skipped',
      found: `only ${host} reaches it`,
      remedy: `Run doctor on ${host}.`,
    };
  if (!(SOURCE_KINDS as readonly string[]).includes(kind))
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
