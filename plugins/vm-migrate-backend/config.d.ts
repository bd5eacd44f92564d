export interface Config {
  /** VM migration with snapshot history. */
  vmMigrate?: {
    /**
     * Where migrations are recorded. Absent: the database that Backstage gives this plugin, which
     * must be PostgreSQL. `embedded`: a PostgreSQL of its own on this machine, shared with
     * `kubectl vm-migrate` of the same state folder. Else one that the command line shares.
     */
    database?:
      | 'embedded'
      | {
          /** @visibility secret */
          url?: string;
          /** A file that holds the URL. */
          urlFile?: string;
          /** A section of pg_service.conf. */
          service?: string;
          embedded?: boolean;
        };
    /** For the embedded database, and for volumes where no target is configured. */
    stateFolder?: string;
    /** Of the command line. */
    apiUrl?: string;
    apiTokenFile?: string;
    /** This backend works on the queue. */
    worker?: {
      /** Default: true. */
      enabled?: boolean;
      /** Steps at a time that do not copy. Default: 8. */
      concurrency?: number;
      /** Another worker takes over after so long a silence. Default: 60. */
      leaseSeconds?: number;
      /** Of `kubectl vm-migrate worker`: where it answers probes. */
      healthPort?: number;
      /** Of `kubectl vm-migrate worker`: where it shows its metrics. */
      metricsPort?: number;
      /** Of `kubectl vm-migrate worker`: the address of both. */
      listen?: string;
    };
    /** What this backend takes over HTTP. */
    requests?: {
      /** Bytes of one request. Default: 262144. */
      maxBytes?: number;
      /** Changes that one person may ask for in a minute. Default: 120. */
      changesPerMinute?: number;
    };
    /** Where VMs are. Requests name these, never a path or a URL. */
    sources?: {
      [name: string]: {
        /** vm-directory, vm-https, or a kind that another plugin adds. */
        kind: string;
        /** @visibility secret */
        credentials?: object;
        [option: string]: unknown;
      };
    };
    /**
     * The cluster that kubectl would talk to on this machine (KUBECONFIG, ~/.kube/config) becomes the
     * target `kubernetes`, where no Kubernetes target is configured. For a backend on one's own machine.
     */
    kubectlCluster?: 'offered' | 'default';
    /** Where volumes are made. */
    targets?: {
      [name: string]: {
        /** kubernetes, local-directory, or a kind that another plugin adds. */
        kind: string;
        /** The target when none is named. */
        default?: boolean;
        [option: string]: unknown;
      };
    };
    /** First values; what was set since stays. */
    limits?: {
      all?: { maxRunning?: number; bytesPerSecond?: number };
      vm?: { maxRunning?: number; bytesPerSecond?: number };
      sources?: { [name: string]: { maxRunning?: number; bytesPerSecond?: number } };
      classes?: { [name: string]: { maxRunning?: number; bytesPerSecond?: number } };
    };
  };
}
