/**
 * From what a person types to one VM: SOURCE/NAME, NAME where it is unique, or a path to a folder
 * with a VM. Ambiguity lists the candidates.
 */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { EngineError } from '../errors';
import type { Source, VmSummary } from '../sources/source';
import { places, putPlace } from '../store/places';
import type { PlaceRow } from '../store/store';
import { offeredPlace, offeredPlaces } from './offered-places';
import type { OperationContext } from './operation';

export interface ResolvedVm {
  readonly place: PlaceRow;
  readonly source: Source;
  readonly vm: VmSummary;
}

/** @throws EngineError VM_NOT_FOUND, VM_AMBIGUOUS, VM_INVALID */
export async function resolveVm(context: OperationContext, reference: string): Promise<ResolvedVm> {
  if (looksLikePath(reference)) return resolvePath(context, reference);
  const slash = reference.indexOf('/');
  if (slash > 0) {
    const place = await offeredPlace(context, 'source', reference.slice(0, slash));
    if (place !== undefined) {
      const found = await matches(context, [place], reference.slice(slash + 1));
      // A source that cannot be read says so by itself.
      if (found.length === 0) await (await context.openSource(place)).listVms();
      return choose(reference, found);
    }
  }
  const found = await matches(context, await offeredPlaces(context, 'source'), reference);
  if (found.length === 0 && context.paths === 'allowed' && existsSync(reference))
    return resolvePath(context, reference);
  return choose(reference, found);
}

function looksLikePath(reference: string): boolean {
  return (
    isAbsolute(reference) ||
    reference.startsWith('./') ||
    reference.startsWith('../') ||
    reference === '.' ||
    reference.endsWith('.vmx')
  );
}

async function matches(
  context: OperationContext,
  rows: readonly PlaceRow[],
  name: string,
): Promise<ResolvedVm[]> {
  const found: ResolvedVm[] = [];
  for (const place of rows) {
    // A source that cannot be reached from here hides its VMs; the others still answer.
    const source = await context.openSource(place).catch(() => undefined);
    const vms = (await source?.listVms().catch(() => [])) ?? [];
    for (const vm of vms)
      if (source !== undefined && (vm.name === name || vm.id === name))
        found.push({ place, source, vm });
  }
  return found;
}

function choose(reference: string, found: readonly ResolvedVm[]): ResolvedVm {
  const [first, second] = found;
  if (first === undefined) {
    throw new EngineError('VM_NOT_FOUND', {
      where: { object: reference },
      hint: 'List what there is with: kubectl vm-migrate get vms.',
    });
  }
  if (second !== undefined) {
    throw new EngineError('VM_AMBIGUOUS', {
      where: { object: reference },
      found: found
        .map(({ place, vm }) => `${place.name}/${vm.name} (id ${vm.id}, ${vm.location})`)
        .join('; '),
      hint: 'Name one as SOURCE/NAME or SOURCE/ID.',
    });
  }
  if (first.vm.error !== undefined)
    throw new EngineError('VM_INVALID', { where: { object: reference }, found: first.vm.error });
  return first;
}

async function resolvePath(context: OperationContext, reference: string): Promise<ResolvedVm> {
  if (context.paths === 'refused') {
    throw new EngineError('USAGE', {
      where: { object: reference },
      expected: 'SOURCE/NAME of a configured source',
      found: 'a path',
    });
  }
  const given = resolve(reference);
  if (!existsSync(given))
    throw new EngineError('VM_NOT_FOUND', {
      where: { file: given },
      found: 'no such file or folder',
    });
  const folder = realpathSync(statSync(given).isDirectory() ? given : dirname(given));
  const known = await configuredVms(context, folder);
  const wanted = statSync(given).isDirectory()
    ? known
    : known.filter(({ vm }) => basename(vm.location) === basename(given));
  if (wanted.length > 0) return choose(reference, wanted);
  const place = await placeForFolder(context, folder);
  const source = await context.openSource(place);
  const vms = await source.listVms();
  const named = statSync(given).isDirectory()
    ? vms
    : vms.filter(vm => basename(vm.location) === basename(given));
  const chosen = choose(
    reference,
    named.map(vm => ({ place, source, vm })),
  );
  // On record from now on: whoever works on it finds it there. A folder without a VM is no source.
  await putPlace(context.database, 'source', place);
  return chosen;
}

/** VMs in this very folder that a configured source lists already: they keep its name. */
async function configuredVms(context: OperationContext, folder: string): Promise<ResolvedVm[]> {
  const found: ResolvedVm[] = [];
  for (const place of await places(context.database, 'source')) {
    const root = place.options['folder'];
    if (place.kind !== 'vm-directory' || typeof root !== 'string' || !existsSync(root)) continue;
    if (folder === root || !`${folder}/`.startsWith(`${realpathSync(root)}/`)) continue;
    const source = await context.openSource(place).catch(() => undefined);
    for (const vm of (await source?.listVms().catch(() => [])) ?? []) {
      if (source !== undefined && dirname(vm.location) === folder)
        found.push({ place, source, vm });
    }
  }
  return found;
}

/** The configured source with exactly this folder, else a new one named after it. */
async function placeForFolder(context: OperationContext, folder: string): Promise<PlaceRow> {
  for (const place of await places(context.database, 'source')) {
    if (place.kind === 'vm-directory' && place.options['folder'] === folder) return place;
  }
  const slug =
    basename(folder)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 20) || 'folder';
  return {
    name: `${slug}-${createHash('sha256').update(folder).digest('hex').slice(0, 6)}`,
    kind: 'vm-directory',
    options: { folder, roots: [], datastores: {} },
    credentialRef: null,
    host: hostname(),
  };
}
