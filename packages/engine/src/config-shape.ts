/** The configuration after config.ts has read and checked it: what everything else takes. */

export interface Config {
  readonly stateFolder: string;
  readonly database: ConfiguredDatabase;
  readonly sources: readonly ConfiguredPlace[];
  /** Never empty: without any, a local directory in the state folder, and the cluster that kubectl would talk to. */
  readonly targets: readonly ConfiguredTarget[];
  /** Starting values; what was set while running (`limits`) is in the database. */
  readonly limits: readonly ConfiguredLimit[];
  /** When it is there, it counts instead of the database. */
  readonly api?: ConfiguredApi;
  /** Of `worker`, in the foreground. */
  readonly worker: ConfiguredWorker;
  /** Every value that counts and where it came from, for `doctor`; passwords are left out. */
  readonly values: readonly EffectiveValue[];
}

/** Resolved to a URL by store/database-address.ts, except `embedded`. */
export type ConfiguredDatabase =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'urlFile'; readonly file: string }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'embedded' };

export interface ConfiguredPlace {
  readonly name: string;
  readonly kind: string;
  /** As the kind's own factory takes them; folders are absolute. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ConfiguredTarget extends ConfiguredPlace {
  /** Exactly one target is, unless there are several and none says so. */
  readonly isDefault: boolean;
  /** The cluster that kubectl would talk to: nobody configured it, so it is known by where it is, not by its name. */
  readonly isFound?: true;
}

/** What a backend reads of its host's configuration: only what is said there counts. */
export interface BackendConfig {
  readonly stateFolder: string;
  /** Absent: the host's own database. */
  readonly database?: ConfiguredDatabase;
  readonly sources: readonly ConfiguredPlace[];
  /** Never empty: without any, a local directory in the state folder. */
  readonly targets: readonly ConfiguredTarget[];
  readonly limits: readonly ConfiguredLimit[];
  readonly worker: {
    readonly enabled: boolean;
    readonly concurrency?: number;
    readonly leaseSeconds?: number;
  };
  readonly requests: {
    /** Of one request's body. */
    readonly maxBytes: number;
    /** Of one person. */
    readonly changesPerMinute: number;
  };
}

/** The backend that the command line calls. */
export interface ConfiguredApi {
  /** Without a slash at its end. */
  readonly url: string;
  /** Read again for each call. */
  readonly tokenFile?: string;
  readonly token?: string;
}

export interface ConfiguredLimit {
  /** 'all', 'vm' (each), 'source:NAME', 'class:NAME'. */
  readonly scope: string;
  readonly maxRunning?: number;
  readonly bytesPerSecond?: number;
}

export interface ConfiguredWorker {
  readonly healthPort?: number;
  readonly metricsPort?: number;
  /** `*`: every address. */
  readonly listen?: string;
}

export interface EffectiveValue {
  /** Dotted, as in the file: `database`, `sources.lab`. */
  readonly key: string;
  readonly value: string;
  /** `default`, `environment NAME`, `flag --name` or `FILE, line N`. */
  readonly origin: string;
}

/** As kubectl's flags of these names. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly requestTimeoutMs?: number;
}

/** What a surface knows; absent = not given. */
export interface ConfigInput {
  readonly cwd: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: ConfigFlags;
}

export interface ConfigFlags extends ClusterFlags {
  /** Instead of ./app-config.yaml and the user's own file. */
  readonly config?: string;
  readonly stateFolder?: string;
  /** Without a password. */
  readonly databaseUrl?: string;
  readonly databaseUrlFile?: string;
  readonly databaseService?: string;
  readonly apiUrl?: string;
  readonly apiTokenFile?: string;
}
