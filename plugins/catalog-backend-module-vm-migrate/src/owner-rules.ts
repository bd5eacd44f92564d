/** Who owns a VM, and what it is part of: by its source and its name. */

export interface OwnerRules {
  /** Entity ref, for VMs that no rule fits. */
  readonly default: string;
  readonly rules: readonly OwnerRule[];
}

export interface OwnerRule {
  readonly source?: string | undefined;
  /** Of the whole name. */
  readonly namePattern?: RegExp | undefined;
  readonly owner: string;
  readonly system?: string | undefined;
}

export type Ownership = Pick<OwnerRule, 'owner' | 'system'>;

/** The first rule that fits; one without conditions fits all. */
export function ownershipOf(
  { default: owner, rules }: OwnerRules,
  vm: { readonly source: string; readonly name: string },
): Ownership {
  const rule = rules.find(
    ({ source, namePattern }) =>
      (source === undefined || source === vm.source) && (namePattern?.test(vm.name) ?? true),
  );
  return rule ?? { owner };
}
