/**
 * The whole engine in a namespace of its own: PodSecurity restricted, an account with just the
 * printed rights, the API server behind a proxy that can misbehave, workers as processes, and what
 * tests ask about it afterwards.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { MigrationOptions } from '@vm-migrate/api';

import type { ConfiguredPlace } from '../../packages/engine/src/engine';
import { putClassProof } from '../../packages/engine/src/store/places';
import type { ClassProof } from '../../packages/engine/src/targets/prove-class';
import { testDatabase, type TestDatabase } from '../../packages/engine/src/testing/test-database';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import type { WorkerSettings } from '../../packages/engine/src/worker/worker-options';
import { WorkerFleet } from '../kill/worker-fleet';
import { ensureCluster, type Cluster } from '.';
import { printedAccount, type Account } from './account';
import { openApiProxy, type ApiProxy } from './api-proxy';
import { loadBytesImage } from './expected-bytes';
import { digestsOf, digestsOfRestored } from './foreign-reader';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import type { VolumeMode } from './objects';
import { expectOnceOnCluster, wantedNames, type Wanted } from './once-on-cluster';
import { serveFolder } from './serve-folder';
import { until } from './until';
import { watchWriters, type WriterWatch } from './writer-watch';

const KIB = 1024;
const SOURCE = 'store';

/** Takeovers within seconds, but not because two processors are busy. */
const WORKER_SETTINGS: Partial<WorkerSettings> = {
  leaseMs: 5_000,
  deadAfterMs: 5_000,
  windowBytes: 64 * KIB,
  probeBytes: KIB * KIB,
};

export interface LabOptions {
  readonly volumeMode?: VolumeMode;
  /** Over the target's options of every test. */
  readonly target?: Readonly<Record<string, unknown>>;
}

/** One engine of the lab: an own database, own workers. */
export interface LabEngine {
  readonly test: TestEngine;
  readonly database: TestDatabase;
  readonly fleet: WorkerFleet;
}

/** How a step, or an event of it, says something. */
export interface Named {
  readonly words: string;
  readonly afterMs: number;
}

export class Lab {
  readonly volumeMode: VolumeMode;
  readonly writers: WriterWatch;
  private readonly opened: { close(): Promise<void> }[] = [];
  private readonly databases: TestDatabase[] = [];

  private constructor(
    readonly folder: string,
    readonly cluster: Cluster,
    readonly kubectl: Kubectl,
    readonly proxy: ApiProxy,
    private readonly account: Account,
    private readonly image: string,
    private readonly options: LabOptions,
  ) {
    this.volumeMode = options.volumeMode ?? 'Block';
    this.writers = watchWriters(cluster, kubectl.namespace, [SOURCE]);
  }

  /** @param folder the test's temporary folder; VMs are written below `vmFolder` */
  static async open(folder: string, options: LabOptions = {}): Promise<Lab> {
    const cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    const image = await loadMoverImage(cluster);
    const kubectl = await Kubectl.inNewNamespace(cluster);
    const proxy = await openApiProxy(cluster);
    const account = await printedAccount(kubectl, folder, proxy.url);
    mkdirSync(path.join(folder, SOURCE), { recursive: true });
    execFileSync('chmod', ['a+rx', folder]);
    await serveFolder(kubectl, SOURCE, path.join(folder, SOURCE));
    return new Lab(folder, cluster, kubectl, proxy, account, image, options);
  }

  async close(): Promise<void> {
    this.cluster.clearFaults();
    for (const one of this.opened.reverse()) await one.close();
    await Promise.all(this.databases.map(database => database.drop()));
    await this.writers.end();
    await this.proxy.close();
    await this.account.remove();
    await this.kubectl.run(['delete', 'namespace', this.kubectl.namespace, '--wait=false']);
  }

  /** Where a VM of that name is to be written; served to pods. */
  vmFolder(name: string): string {
    return path.join(this.folder, SOURCE, name);
  }

  /** An engine with a database of its own, and a fleet in which no worker runs yet. */
  async engine(given?: TestDatabase): Promise<LabEngine> {
    const database = given ?? (await testDatabase());
    if (given === undefined) this.databases.push(database);
    const places = { sources: [this.source()], targets: [this.target()] };
    const test = await testEngine(this.folder, { database, ...places });
    const fleet = await WorkerFleet.open({
      databaseUrl: database.url,
      works: places,
      settings: WORKER_SETTINGS,
    });
    this.opened.push(test, fleet);
    return { test, database, fleet };
  }

  /** Spares the probe of the class, which other tests show. */
  async trustClass({ test }: LabEngine, storageClass = 'fast'): Promise<void> {
    const proof: ClassProof = {
      storageClass,
      provedAt: new Date().toISOString(),
      snapshotsOutliveVolume: true,
      writeBytesPerSecond: 1,
      cutMs: 1,
      restoreMs: 1,
    };
    await test.engine.database.transaction(tx => putClassProof(tx, 'lab', storageClass, proof));
  }

  /** Answers the migration's id. */
  async start(
    { test }: LabEngine,
    vm: Pick<WrittenVm, 'displayName' | 'folder'>,
    options: MigrationOptions = {},
  ): Promise<string> {
    execFileSync('chmod', ['-R', 'a+rX', vm.folder]);
    const { migration } = await test.engine.call('start', {
      vm: `${SOURCE}/${vm.displayName}`,
      options: { sampleWindows: 1, ...options },
    });
    return migration;
  }

  /**
   * Waits until a step or an event of the engine says this.
   * @throws Error with what is said instead
   */
  async named({ test }: LabEngine, words: RegExp, timeoutMs = 150_000): Promise<Named> {
    const began = performance.now();
    const { now } = (await test.engine.database.query<{ now: Date }>('select now()'))[0] ?? {};
    const said = new Set<string>();
    return until(`words like ${String(words)}`, timeoutMs, async () => {
      const rows = await test.engine.database.query<{ text: string | null }>(
        `select coalesce(s.reason, '') || ' ' || coalesce(s.error->>'message', '') as text from vm_migrate.step s
          where s.state in ('running', 'waiting', 'failed')
         union all select message from vm_migrate.event where level <> 'info' and at >= $1::timestamptz - interval '1 second'`,
        [now],
      );
      for (const { text } of rows) if (text !== null && text.trim() !== '') said.add(text.trim());
      const found = [...said].find(text => words.test(text));
      return found !== undefined && { words: found, afterMs: performance.now() - began };
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; said was:\n${[...said].join('\n')}`);
    });
  }

  /** The volume onto which a pod copies a layer, more than `windows` of whose windows are stored. */
  async copying({ test }: LabEngine, windows = 0, timeoutMs = 240_000): Promise<string> {
    return until('a layer to be copied', timeoutMs, async () => {
      const [row] = await test.engine.database.query<{ volume: string }>(
        `select v.base_name || case when v.generation > 1 then '-g' || v.generation else '' end as volume
           from vm_migrate.step s join vm_migrate.volume v on v.migration_id = s.migration_id and v.volume_id = s.volume_id
          where s.kind = 'applyLayer' and s.state = 'running'
            and (select count(*) from vm_migrate.copied_window w where w.migration_id = s.migration_id and w.step_id = s.step_id) > $1`,
        [windows],
      );
      if (row === undefined) return undefined;
      const pod = await this.kubectl.get<{ status?: { phase?: string } }>(`pod/${row.volume}`);
      return pod.status?.phase === 'Running' && row.volume;
    });
  }

  /** Lets it come to its end and compares every point with the model, then what is left with the tables. */
  async expectMigrated(
    engine: LabEngine,
    vms: readonly { readonly migration: string; readonly vm: WrittenVm }[],
    timeoutMs = 240_000,
  ): Promise<void> {
    for (const { migration, vm } of vms) {
      await engine.test
        .until(migration, ['migrated'], timeoutMs)
        .catch((error: unknown) => this.fail(engine, error));
      await this.expectPoints(engine, migration, vm);
    }
    await engine.fleet.end();
    // Generations of volumes that were replaced are left to it.
    await engine.test.engine.call('cleanup', { remove: true });
    await this.expectOnce(await wantedNames(engine.test.engine.database));
  }

  /** Nothing is missing, twice or left over in the namespace, and no volume ever had two writers. */
  async expectOnce(wanted: Wanted): Promise<void> {
    await expectOnceOnCluster(this.kubectl, wanted, [SOURCE], async () => {
      await this.cluster.stop('kube-controller-manager');
      await this.cluster.start('kube-controller-manager');
    });
    expect(this.writers.crowds).toEqual([]);
  }

  /** Each VolumeSnapshot restored, and the volumes as they stand, hold what the naive model holds. */
  async expectPoints({ test }: LabEngine, migration: string, vm: WrittenVm): Promise<void> {
    const report = await test.engine.call('getReport', { migration });
    const points = vm.snapshots.flatMap(state =>
      state.disks.map(disk => {
        const cuts = report.snapshots
          .find(snapshot => snapshot.id === state.id)
          ?.disks.filter(
            ({ volumeSnapshot }) => path.basename(volumeSnapshot.layerFile) === disk.layerFile,
          );
        if (cuts?.length !== 1)
          throw new Error(`${state.name} ${disk.slot}: ${cuts?.length ?? 0} VolumeSnapshots`);
        return { disk, volumeSnapshot: cuts[0]?.volumeSnapshot.name ?? '' };
      }),
    );
    const current = vm.current.disks.map(disk => {
      const point = report.current.find(
        candidate => path.basename(candidate.layerFile) === disk.layerFile,
      );
      return { disk, claim: point?.volume ?? 'no-volume' };
    });
    const found = await Promise.all([
      digestsOfRestored(
        this.kubectl,
        this.volumeMode,
        points.map(({ disk: { sizeBytes }, volumeSnapshot }) => ({ sizeBytes, volumeSnapshot })),
      ),
      digestsOf(
        this.kubectl,
        this.volumeMode,
        current.map(({ disk: { sizeBytes }, claim }) => ({ sizeBytes, claim })),
      ),
    ]);
    const wanted = [...points, ...current].map(({ disk }) => disk.sha256());
    expect(found.flat()).toEqual(wanted);
  }

  private async fail({ fleet }: LabEngine, error: unknown): Promise<never> {
    const events = await this.kubectl
      .run(['get', 'events', '--sort-by=.lastTimestamp'])
      .catch(String);
    const objects = await this.kubectl
      .run(['get', 'pods,pvc,volumesnapshots', '-o', 'wide'])
      .catch(String);
    throw new Error(
      [String(error), objects, events.split('\n').slice(-25).join('\n'), fleet.logs()].join('\n'),
    );
  }

  private source(): ConfiguredPlace {
    return {
      name: SOURCE,
      kind: 'vm-directory',
      options: {
        folder: path.join(this.folder, SOURCE),
        pods: { persistentVolumeClaim: SOURCE },
      },
    };
  }

  private target(): ConfiguredPlace {
    return {
      name: 'lab',
      kind: 'kubernetes',
      isDefault: true,
      options: {
        kubeconfig: this.account.kubeconfig,
        namespace: this.kubectl.namespace,
        volumeMode: this.volumeMode,
        moverImage: this.image,
        pods: { imagePullPolicy: 'Never' },
        requestTimeoutMs: 3_000,
        ...this.options.target,
      },
    };
  }
}
