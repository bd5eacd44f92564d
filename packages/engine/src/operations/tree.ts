/** getTree: a VM's snapshot history, before, during and after its migration. */
import type { FindingView, MigrationView, TreeNodeView, TreeView } from '@vm-migrate/api';
import type { Finding, SnapshotTree } from '../sources/snapshot-tree';
import { acceptedFindings, migrations } from '../store/migrations';
import type { MigrationRow } from '../store/store';
import { resolveVm } from './resolve-vm';
import { isoOfUs, migrationView, readMigration, type MigrationRecord } from './migration-record';
import type { Operation, OperationContext } from './operation';
import { diskView } from './tree-disk';

export const getTree: Operation<'getTree', TreeView> = async (context, { vm }) => {
  const record = await newestMigration(context, vm);
  if (record !== undefined) {
    const accepted = new Map(
      (await acceptedFindings(context.database, record.row.id)).map(row => [
        row.findingId,
        row.acceptedBy,
      ]),
    );
    const findings = record.plan.findings.map(finding =>
      findingView(finding, accepted.get(finding.id)),
    );
    return treeView(
      record.plan.tree,
      record.row.sourceName,
      migrationView(record),
      findings,
      record,
    );
  }
  const { source, place, vm: summary } = await resolveVm(context, vm);
  const tree = await source.loadTree(summary.id);
  return treeView(
    tree,
    place.name,
    null,
    tree.findings.map(finding => findingView(finding, undefined)),
    undefined,
  );
};

/** The newest migration of what a person names: its id, or its VM. */
async function newestMigration(
  context: OperationContext,
  reference: string,
): Promise<MigrationRecord | undefined> {
  const [byId] = await migrations(context.database, {
    id: reference,
    scope: context.access.read,
  });
  if (byId !== undefined) return readMigration(context.database, byId.id);
  const known = await migratedById(context, reference);
  if (known !== undefined) return readMigration(context.database, known.id);
  // A VM that is gone from its source still has the history that was migrated.
  const resolved = await resolveVm(context, reference).catch(() => undefined);
  const rows = await migrations(context.database, {
    vm: resolved?.vm.id ?? reference.slice(reference.indexOf('/') + 1),
    scope: context.access.read,
  });
  const row =
    resolved === undefined
      ? rows[0]
      : rows.find(candidate => candidate.sourceName === resolved.place.name);
  return row === undefined ? undefined : readMigration(context.database, row.id);
}

/**
 * SOURCE/ID, as pages name a VM: an id stays a VM's own, so nobody is asked at the source, whose
 * whole list it would take. A name may be another VM's by now.
 */
async function migratedById(
  context: OperationContext,
  reference: string,
): Promise<MigrationRow | undefined> {
  const slash = reference.indexOf('/');
  if (slash <= 0) return undefined;
  const id = reference.slice(slash + 1);
  const rows = await migrations(context.database, {
    source: reference.slice(0, slash),
    vm: id,
    scope: context.access.read,
  });
  return rows.find(({ vmId }) => vmId === id);
}

function treeView(
  tree: SnapshotTree,
  source: string,
  migration: MigrationView | null,
  findings: readonly FindingView[],
  record: MigrationRecord | undefined,
): TreeView {
  const nodes: TreeNodeView[] = tree.snapshots.map(snapshot => {
    const row = record?.snapshots.find(candidate => candidate.snapshotId === snapshot.id);
    return {
      id: snapshot.id,
      parentId: snapshot.parentId ?? null,
      name: snapshot.name,
      description: snapshot.description,
      createdAt: isoOfUs(snapshot.createdAtUs),
      quiesced: snapshot.quiesced ?? null,
      memory: snapshot.memory,
      kept: row?.kept ?? true,
      mergedInto: row?.mergedInto ?? null,
      disks: snapshot.disks.map(state => diskView(tree, state, record, snapshot.id)),
    };
  });
  nodes.push({
    id: 'current',
    parentId: tree.current.snapshotId ?? null,
    name: 'you are here',
    description: '',
    createdAt: null,
    quiesced: null,
    memory: false,
    kept: true,
    mergedInto: null,
    disks: tree.current.disks.map(state => diskView(tree, state, record, undefined)),
  });
  return {
    source,
    vm: tree.vm.name,
    vmId: tree.vm.id,
    location: tree.vm.location,
    power: tree.current.power,
    migration,
    nodes,
    disks: tree.disks.map(({ id, label, rootFile, sizeBytes }) => ({
      id,
      label,
      rootFile,
      sizeBytes,
    })),
    findings,
  };
}

export function findingView(finding: Finding, acceptedBy: string | undefined): FindingView {
  return { ...finding, ...(acceptedBy === undefined ? {} : { acceptedBy }) };
}
