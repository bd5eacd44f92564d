export interface Config {
  catalog?: {
    providers?: {
      /** VMs of vm-migrate's sources as entities. Which sources there are is said by `vmMigrate.sources`. */
      vmMigrate?: {
        /** How often all VMs are looked at again. Default: every 5 minutes. */
        schedule?: object;
        /** Who owns a VM: the first rule that fits. */
        owner?: {
          /** Entity ref; of a group where no kind is said. Default: unknown. */
          default?: string;
          rules?: Array<{
            /** VMs of this source. */
            source?: string;
            /** VMs whose whole name fits this regular expression, in any case. */
            namePattern?: string;
            /** Entity ref; of a group where no kind is said. */
            owner: string;
            /** Entity ref of the system that the VM is part of. */
            system?: string;
          }>;
        };
      };
    };
  };
}
