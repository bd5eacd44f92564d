import type { Disk, Finding, Snapshot, SnapshotTree } from '../sources/snapshot-tree';
import type { Plan } from './plan';
import { z } from './zod';

/**
 * The shape of a plan file, the same as the interfaces (plan.test checks by type that no field is
 * missing here). Strict: a field that this version does not know might change what the plan means.
 */
const text = z.string();
const id = z.string().min(1);
const bytes = z.number().int().nonnegative().safe();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits');
const digits = z.string().regex(/^-?\d+$/, 'expected digits');
const format = z.enum(['raw', 'flat', 'hosted-sparse', 'stream-optimized', 'cowd', 'se-sparse']);
const ownBytes = z.strictObject({ data: bytes, zero: bytes });
const createdAtUs = z.number().int().safe().optional();

const manifest = z.strictObject({
  descriptorSha256: text,
  cid: text,
  parentCid: text,
  files: z.array(
    z.strictObject({
      name: text,
      sizeBytes: bytes,
      mtimeNs: digits,
      inode: text,
      counters: z.record(text),
    }),
  ),
});

const diskState = z.strictObject({ diskId: id, layerId: id, slot: text });

const finding: z.ZodType<Finding> = z.strictObject({
  id,
  kind: id,
  severity: z.enum(['blocks', 'warns', 'informs']),
  object: text,
  cause: text,
  remedy: text,
  acceptable: z.boolean(),
});

const snapshot: z.ZodType<Snapshot> = z.strictObject({
  id,
  name: text,
  description: text,
  createdAtUs,
  quiesced: z.boolean().optional(),
  memory: z.boolean(),
  parentId: id.optional(),
  disks: z.array(diskState),
});

const disk: z.ZodType<Disk> = z.strictObject({
  id,
  label: text,
  rootFile: text,
  datastore: text.optional(),
  storagePolicy: text.optional(),
  sizeBytes: bytes,
  layers: z.array(
    z.strictObject({
      id,
      diskId: id,
      parentId: id.optional(),
      file: text,
      format,
      sizeBytes: bytes,
      manifest,
      access: z.enum(['frozen', 'running', 'suspended', 'unclean', 'missing', 'unsupported']),
      ownBytes: ownBytes.optional(),
      shared: z.boolean().optional(),
    }),
  ),
});

const tree: z.ZodType<SnapshotTree> = z.strictObject({
  vm: z.strictObject({
    id,
    name: text,
    location: text,
    biosUuid: text.optional(),
    guestOs: text.optional(),
    firmware: z.enum(['bios', 'efi']).optional(),
    cpus: z.number().optional(),
    memoryMib: z.number().optional(),
    networks: z
      .array(z.strictObject({ name: text, adapter: text.optional(), mac: text.optional() }))
      .optional(),
    hardware: z
      .strictObject({
        controllers: z.record(text),
        secureBoot: z.boolean(),
        vtpm: z.boolean(),
      })
      .optional(),
    configDigests: z.record(text),
  }),
  disks: z.array(disk),
  snapshots: z.array(snapshot),
  current: z.strictObject({
    snapshotId: id.optional(),
    power: z.enum(['off', 'running', 'suspended', 'unclean']),
    disks: z.array(diskState),
  }),
  findings: z.array(finding),
});

export const keepRuleSchema = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('all') }),
  z.strictObject({ rule: z.literal('newest'), count: z.number().int().nonnegative() }),
  z.strictObject({ rule: z.literal('names'), names: z.array(text) }),
  z.strictObject({
    rule: z.literal('age'),
    maxAgeMs: z.number().nonnegative(),
    nowUs: z.number().int().safe(),
  }),
]);

export const planOptionsSchema = z.strictObject({
  leaveOutDisks: z.array(text),
  keep: keepRuleSchema,
  storageClass: text.optional(),
  storageClassByDisk: z.record(text),
  namePrefix: text.optional(),
  moverImage: text.optional(),
  cutCurrent: z.enum(['always', 'when-the-target-asks']),
  sampleWindows: z.number().int().nonnegative(),
});

export const planSchema: z.ZodType<Plan> = z.strictObject({
  version: z.literal(1),
  digest: sha256,
  vm: z.strictObject({ source: text, id, name: text, location: text }),
  target: text,
  options: planOptionsSchema,
  disks: z.array(
    z.strictObject({
      id,
      label: text,
      rootFile: text,
      sizeBytes: bytes,
      storageClass: text,
      leftOut: text.optional(),
    }),
  ),
  layers: z.array(
    z.strictObject({
      id,
      diskId: id,
      parentId: id.optional(),
      file: text,
      format,
      sizeBytes: bytes,
      manifest,
      manifestDigest: sha256,
      ownBytes,
      flag: z.enum(['needs-migration', 'not-wanted']),
      reason: text.optional(),
    }),
  ),
  volumes: z.array(
    z.strictObject({
      id,
      diskId: id,
      role: z.enum(['main', 'branch']),
      name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,53}[a-z0-9])?$/, 'expected a DNS label'),
      storageClass: text,
      sizeBytes: bytes,
      restoredFrom: id.optional(),
      layers: z.array(id),
      atEnd: z.enum(['keep', 'remove']),
    }),
  ),
  volumeSnapshots: z.array(
    z.strictObject({
      id,
      name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected a DNS label'),
      diskId: id,
      volumeId: id,
      layerId: id,
      purpose: z.enum(['snapshot', 'fork', 'current']),
      snapshotId: id.optional(),
      stateSizeBytes: bytes,
    }),
  ),
  snapshots: z.array(
    z.strictObject({
      id,
      name: text,
      description: text,
      createdAtUs,
      parentId: id.optional(),
      quiesced: z.boolean().optional(),
      kept: z.boolean(),
      mergedInto: id.optional(),
      costBytes: bytes.optional(),
      costMs: z.number().optional(),
      volumeSnapshotIds: z.array(id),
    }),
  ),
  current: z.strictObject({ snapshotId: id.optional(), disks: z.array(diskState) }),
  steps: z.array(
    z.strictObject({
      id,
      kind: z.enum([
        'proveClass',
        'createVolume',
        'restoreVolume',
        'applyLayer',
        'takeSnapshot',
        'awaitSnapshot',
        'sampleSnapshot',
        'removeVolume',
        'removeVolumeSnapshot',
        'verifySnapshot',
      ]),
      after: z.array(id),
      priority: z.number(),
      diskId: id.optional(),
      volumeId: id.optional(),
      layerId: id.optional(),
      volumeSnapshotId: id.optional(),
      storageClass: text,
      weightBytes: bytes,
    }),
  ),
  findings: z.array(finding),
  totals: z.strictObject({
    layers: bytes,
    volumes: bytes,
    volumeSnapshots: bytes,
    dataBytes: bytes,
    zeroBytes: bytes,
    space: z.array(
      z.strictObject({ storageClass: text, neededBytes: bytes, freeBytes: bytes.optional() }),
    ),
    estimateMs: z.strictObject({ low: z.number(), high: z.number(), basis: text }).optional(),
  }),
  keepCosts: z
    .array(
      z.strictObject({
        count: bytes,
        oldest: z.strictObject({ snapshotId: id, ownBytes: bytes }).optional(),
        copiedBytes: bytes,
        neededBytes: bytes,
        volumeSnapshots: bytes,
        estimateMs: z.strictObject({ low: z.number(), high: z.number() }).optional(),
      }),
    )
    .optional(),
  tree,
});
