/** getReport: what was done, per VMware snapshot: its files and manifests, VolumeSnapshots, bytes, digests, kind of proof, times. */
import type { ReportLayerView, ReportView, VolumeSnapshotView } from '@vm-migrate/api';
import type { Plan, PlannedLayer } from '../plan/plan';
import { acceptedFindings } from '../store/migrations';
import { volumeName } from '../store/store';
import {
  diskLabel,
  isoOfUs,
  migrationView,
  readMigration,
  volumeSnapshotView,
  type MigrationRecord,
} from './migration-record';
import type { Operation } from './operation';
import { isoOrNull } from './step-view';
import { findingView } from './tree';

export const getReport: Operation<'getReport', ReportView> = async (context, { migration }) => {
  const record = await readMigration(context.database, migration);
  const accepted = new Map(
    (await acceptedFindings(context.database, migration)).map(row => [
      row.findingId,
      row.acceptedBy,
    ]),
  );
  const { plan, row } = record;
  return {
    generatedAt: new Date().toISOString(),
    storeId: context.storeId,
    migration: migrationView(record),
    planDigest: row.planDigest,
    namespace: row.targetNamespace,
    ...(plan.options.moverImage === undefined ? {} : { moverImage: plan.options.moverImage }),
    snapshots: record.snapshots.map(snapshot => ({
      id: snapshot.snapshotId,
      name: snapshot.name,
      description: snapshot.description,
      createdAt: isoOfUs(snapshot.createdAtUs),
      quiesced: snapshot.quiesced,
      memory:
        plan.tree.snapshots.find(candidate => candidate.id === snapshot.snapshotId)?.memory ??
        false,
      parentId: snapshot.parentId,
      kept: snapshot.kept,
      mergedInto: snapshot.mergedInto,
      readyAt: isoOrNull(snapshot.readyAt),
      disks: record.cuts
        .filter(cut => cut.snapshotId === snapshot.snapshotId)
        .map(cut => {
          const view = volumeSnapshotView(record, cut);
          return {
            disk: view.disk,
            volumeSnapshot: view,
            layers: chainOf(plan, cut.layerId).map(layer => layerView(record, layer)),
            proof: {
              kind: cut.proof,
              words: proofWords(view, cut.proofDetail),
              at: isoOrNull(cut.provedAt ?? cut.readyAt),
            },
          };
        }),
    })),
    current: plan.current.disks.map(state => {
      const volume = record.volumes.find(
        candidate => candidate.diskId === state.diskId && candidate.role === 'main',
      );
      const layer = record.layers.find(candidate => candidate.layerId === state.layerId);
      return {
        disk: diskLabel(plan, state.diskId),
        volume: volume === undefined || layer?.flag !== 'migrated' ? null : volumeName(volume),
        layerFile: layer?.file ?? state.layerId,
        stateDigest: layer?.receipt?.stateDigest ?? null,
      };
    }),
    findings: plan.findings.map(finding => findingView(finding, accepted.get(finding.id))),
    totals: {
      dataBytes: sum(record, receipt => receipt.bytes.data),
      zeroBytes: sum(record, receipt => receipt.bytes.zero),
      writtenBytes: sum(record, receipt => receipt.bytes.written),
      durationMs:
        row.finishedAt === null ? null : row.finishedAt.getTime() - row.createdAt.getTime(),
    },
  };
};

/** The layers that make the state up, base first. */
function chainOf(plan: Plan, leafId: string): PlannedLayer[] {
  const byId = new Map(plan.layers.map(layer => [layer.id, layer]));
  const chain: PlannedLayer[] = [];
  for (
    let layer = byId.get(leafId);
    layer !== undefined;
    layer = layer.parentId === undefined ? undefined : byId.get(layer.parentId)
  )
    chain.push(layer);
  return chain.reverse();
}

function layerView(record: MigrationRecord, layer: PlannedLayer): ReportLayerView {
  const row = record.layers.find(candidate => candidate.layerId === layer.id);
  const receipt = row?.receipt ?? undefined;
  return {
    file: layer.file,
    format: layer.format,
    flag: row?.flag ?? 'not wanted',
    manifest: layer.manifest,
    manifestDigest: layer.manifestDigest,
    dataBytes: receipt?.bytes.data ?? layer.ownBytes.data,
    zeroBytes: receipt?.bytes.zero ?? layer.ownBytes.zero,
    writtenBytes: receipt?.bytes.written ?? null,
    windowsDigest: receipt?.windowsDigest ?? null,
    stateDigest: receipt?.stateDigest ?? null,
    zerosBy: receipt?.ways?.zeros ?? null,
    readBackBy: receipt?.ways?.readBack ?? null,
    startedAt: receipt?.startedAt ?? null,
    finishedAt: receipt?.finishedAt ?? null,
  };
}

function proofWords(
  cut: VolumeSnapshotView,
  detail: Readonly<Record<string, unknown>> | null,
): string {
  switch (cut.proof) {
    case 'full':
      return 'a restore was read whole and equals the chain at the source';
    case 'sampled':
      return `the volume was read back before the cut; ${String(detail?.['windowsCompared'] ?? 0)} random windows of a restore were compared`;
    case 'volume':
      return 'the volume was read back before the cut; the VolumeSnapshot itself was not read';
    case null:
      return 'not proved yet';
  }
}

function sum(
  record: MigrationRecord,
  of: (receipt: { bytes: { data: number; zero: number; written: number } }) => number,
): number {
  return record.layers.reduce(
    (total, layer) => total + (layer.receipt === null ? 0 : of(layer.receipt)),
    0,
  );
}
