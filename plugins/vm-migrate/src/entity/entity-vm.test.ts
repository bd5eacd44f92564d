import type { Entity } from '@backstage/catalog-model';
import { isVirtualMachine, missingAnnotations, vmOf } from './entity-vm';

const entity = (annotations: Record<string, string>, rest: Partial<Entity> = {}): Entity => ({
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: { name: 'web-1', annotations },
  ...rest,
});

describe('the VM of an entity', () => {
  it('is named by source and id', () => {
    const both = entity({ 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': '224e' });
    expect(vmOf(both)).toEqual({ source: 'lab', id: '224e', reference: 'lab/224e' });
    expect(isVirtualMachine(both)).toBe(true);
  });

  it('is not known without both, and what is missing is said', () => {
    const half = entity({ 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': ' ' });
    expect(vmOf(half)).toBeUndefined();
    expect(missingAnnotations(half)).toEqual(['vm-migrate.io/vm-id']);
    expect(isVirtualMachine(half)).toBe(true);
  });

  it('a virtual machine by its type is one, other entities are not', () => {
    expect(isVirtualMachine(entity({}, { spec: { type: 'virtual-machine' } }))).toBe(true);
    expect(isVirtualMachine(entity({}, { spec: { type: 'database' } }))).toBe(false);
    expect(
      isVirtualMachine(entity({}, { kind: 'Component', spec: { type: 'virtual-machine' } })),
    ).toBe(false);
  });
});
