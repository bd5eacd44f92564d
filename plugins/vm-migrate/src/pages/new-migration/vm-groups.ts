/** VMs as they are chosen from: those that fit what is typed, under their sources. Pure. */
import type { VmView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export interface VmGroup {
  readonly source: string;
  readonly vms: readonly VmView[];
  /** More that fit and are not shown. */
  readonly more: number;
}

/** Every word is part of the name, the id, the source or the place, in any case. */
export function vmGroups(vms: readonly VmView[], typed: string, most: number): readonly VmGroup[] {
  const words = typed.toLocaleLowerCase().split(/\s+/);
  const groups = new Map<string, VmView[]>();
  for (const vm of vms) {
    const text = [vm.name, vm.id, vm.source, vm.location].join(' ').toLocaleLowerCase();
    if (!words.every(word => text.includes(word))) continue;
    const group = groups.get(vm.source);
    if (group === undefined) groups.set(vm.source, [vm]);
    else group.push(vm);
  }
  return [...groups].map(([source, all]) => {
    const sorted = all.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    return { source, vms: sorted.slice(0, most), more: Math.max(0, sorted.length - most) };
  });
}
