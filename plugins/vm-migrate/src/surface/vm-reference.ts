import type { VmView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** SOURCE/NAME, or SOURCE/ID where several VMs of the source have the name. */
export function referenceOf(vm: VmView, vms: readonly VmView[]): string {
  const twins = vms.filter(({ source, name }) => source === vm.source && name === vm.name);
  return `${vm.source}/${twins.length > 1 ? vm.id : vm.name}`;
}
