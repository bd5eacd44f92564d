/**
 * `doctor --probe`: whether pods reach a source. A mover pod opens one layer there, as it would in a
 * migration (mount or TLS, credentials, ranges), and reads its beginning; what it read has to be what
 * this machine reads.
 */
import { randomBytes } from 'node:crypto';

import { MIB } from '../../bytes';
import { EngineError, toEngineError } from '../../errors';
import { LocalMover } from '../../mover/local-mover';
import { type HashChainOrder, type Mover, MOVER_PROTOCOL, type Receipt } from '../../mover/mover';
import { configuredSource } from '../../sources/configured-source';
import type { Source } from '../../sources/source';
import type { PlaceRow } from '../../store/store';
import type { ClusterApi } from '../../targets/kubernetes/cluster/cluster-api';
import { type Pod, POD } from '../../targets/kubernetes/cluster/resources';
import { ANNOTATION } from '../../targets/kubernetes/layout';
import { removeOwn } from '../../targets/kubernetes/pods/own-pod';
import { MOVER_LABELS } from '../../targets/kubernetes/pods/pod-spec';
import { podState } from '../../targets/kubernetes/pods/pod-state';
import { ok, type DoctorCheck } from '../check';
import { isPushed, sourceTitle } from './source-ways';

/** One that has not begun by then waits for a volume, a node or an image. */
const LIMIT_MS = 120_000;
const LOOK_MS = 1_000;
const READ_BYTES = MIB;
/** VMs that are looked into for a layer that may be read. */
const VMS = 5;

export interface SourceProbe {
  /** Of the target. */
  readonly name: string;
  readonly mover: Mover;
  readonly api: ClusterApi;
  readonly moverProgram: string;
  /** Default two minutes. */
  readonly limitMs?: number;
}

/** Of sources that pods read by themselves; one after the other. */
export async function probeSources(
  sources: readonly PlaceRow[],
  probe: SourceProbe,
): Promise<readonly DoctorCheck[]> {
  const read = sources.filter(one => !isPushed(one));
  const id = `doctor-${randomBytes(5).toString('hex')}`;
  const checks: DoctorCheck[] = [];
  for (const [nth, source] of read.entries())
    checks.push(await probeSource(source, `${id}/source/${nth}`, probe));
  if (read.length > 0) await removePods(probe.api, id);
  return checks;
}

/**
 * The mover removes its pods too, and nobody waits for that: this process may end before. So may one
 * that is killed; what it left is removed by a later probe, since no database knows of it.
 */
async function removePods(api: ClusterApi, id: string): Promise<void> {
  const { items } = await api.list(POD, { labels: MOVER_LABELS });
  for (const pod of items) {
    const run = runOf(pod);
    if (run.startsWith(`${id}/`) || (RUN.test(run) && isLeftOver(pod)))
      await removeOwn(api, pod, run);
  }
}

const RUN = /^doctor-[0-9a-f]{10}\/source\//;
/** Of a pod that has ended: nobody reads its result any more. */
const LEFT_OVER_MS = 600_000;

function isLeftOver(pod: Pod): boolean {
  const ageMs = Date.now() - Date.parse(pod.metadata.creationTimestamp ?? '');
  return podState(pod).state === 'ended' && ageMs > LEFT_OVER_MS;
}

function runOf({ metadata }: Pod): string {
  return metadata.annotations?.[ANNOTATION.run] ?? '';
}

interface Sample {
  readonly vm: string;
  readonly order: HashChainOrder;
}

async function probeSource(row: PlaceRow, runId: string, probe: SourceProbe): Promise<DoctorCheck> {
  const title = sourceTitle(row, probe);
  const sample = await sampleOf(configuredSource(row), runId).catch(toEngineError);
  if (sample === undefined || sample instanceof EngineError)
    return {
      name: title,
      state: 'skipped',
      found:
        sample === undefined
          ? `nothing to read: no VM of the first ${VMS} has a layer that is not in use`
          : `this machine cannot read it either: ${sample.message}`,
      remedy: `See the check of source ${row.name}.`,
    };
  const { vm, order } = sample;
  const file = order.files.join();
  try {
    const there = await receiptOf(order, probe.mover, probe.limitMs ?? LIMIT_MS);
    const here = await readHere(order, probe.moverProgram);
    if (here !== undefined && here.stateDigest !== there.stateDigest)
      return {
        name: title,
        state: 'failed',
        found: `${file} of ${vm} has other bytes in a pod than on this machine`,
        remedy:
          'Pods mount another folder, or a copy of it. `pods` of the source has to be what `folder` is (the first of `roots`, where it has some).',
      };
    return ok(title, `a pod opened ${file} of ${vm} in ${there.durationMs} ms`);
  } catch (thrown) {
    return unread(title, row, toEngineError(thrown));
  }
}

/** Codes whose hints are for a migration that waits, or for this machine. */
const HINTS_APART = new Set(['CLUSTER_STUCK', 'TIMED_OUT', 'SOURCE_UNREACHABLE']);

function unread(title: string, { options }: PlaceRow, error: EngineError): DoctorCheck {
  const way =
    options['pods'] === undefined
      ? 'Pods need the name of the server resolved, the way to it open (firewall, egress NetworkPolicy), and `caFile` and credentials that are right.'
      : 'The folder has to be where `pods` of the source says: a claim in the namespace of the target, or an export that nodes may mount; user 107 has to be able to read it.';
  return {
    name: title,
    state: 'failed',
    found: error.message,
    command: `kubectl vm-migrate explain ${error.code}`,
    remedy: HINTS_APART.has(error.code) || error.hint === undefined ? way : `${error.hint} ${way}`,
  };
}

/** A base: it is opened without its parents. `undefined`: there is none that may be read. */
async function sampleOf(source: Source, runId: string): Promise<Sample | undefined> {
  const vms = (await source.listVms()).filter(({ error }) => error === undefined);
  for (const { id, name } of vms.slice(0, VMS)) {
    const tree = await source.loadTree(id).catch(() => undefined);
    const base = tree?.disks
      .flatMap(({ layers }) => layers)
      .find(({ parentId, access }) => parentId === undefined && access === 'frozen');
    if (base === undefined) continue;
    return {
      vm: name,
      order: {
        protocol: MOVER_PROTOCOL,
        order: 'hash-chain',
        runId,
        leaseMs: 60_000,
        bytesPerSecond: 0,
        source: await source.address(id),
        files: [base.file],
        stateSizeBytes: Math.min(base.sizeBytes, READ_BYTES),
      },
    };
  }
  return undefined;
}

/** @throws EngineError as the mover says; TIMED_OUT with what it waits for */
async function receiptOf(order: HashChainOrder, mover: Mover, limitMs: number): Promise<Receipt> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const status = await mover.attend(order, LOOK_MS);
    if (status.state === 'done') return status.receipt;
    if (status.state === 'failed') throw EngineError.fromJSON(status.error);
    if (performance.now() > giveUpAt) {
      await mover.stop(order.runId);
      throw new EngineError('TIMED_OUT', {
        found: `still waiting for ${status.waitingFor ?? 'the pod to read'}`,
      });
    }
    mover.renew(order.runId, order.bytesPerSecond);
  }
}

/** `undefined`: not known, and then not compared. That this machine reads its sources is another check. */
async function readHere(order: HashChainOrder, program: string): Promise<Receipt | undefined> {
  const mover = new LocalMover({ program });
  try {
    return await receiptOf(order, mover, LIMIT_MS);
  } catch {
    return undefined;
  } finally {
    await mover.close();
  }
}
