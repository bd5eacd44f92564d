/** The fields of a template: which VM, where to, and the plan of it. */
export const picker = {
  picker: {
    label: 'VM',
    description: 'The VM that is migrated, with its snapshots',
    placeholder: 'Type a part of its name',
    missing: 'Choose a VM of the list.',
    invalid: 'Choose a VM of the list, or name one as SOURCE/NAME or as an entity ref.',
  },
  vmPlace: {
    byRule: 'by rule: {{name}}',
    byRuleWords: 'Unless a rule of the target names another.',
    defaultTarget: 'the default one',
    mayNotSee:
      'You may not see which targets there are. Name one that you were told of, or leave it to the default one.',
    noTargets: 'There is no target yet.',
    noTargetsWords:
      'Whoever runs this Backstage names targets under vmMigrate.targets in its configuration.',
    faults: {
      noTargets: 'There is no target to migrate to.',
      noDefault: 'Choose a target: none is the default one.',
      noSuchTarget: 'There is no target {{target}}: choose one of the list.',
      noSuchClass: 'The target has no storage class {{storageClass}}: choose one of the list.',
    },
  },
  vmPlan: {
    noVm: 'Choose a VM first: its plan is shown here.',
    noEntity: 'The catalog shows you no VM {{vm}}.',
    noEntityHint:
      'Go back and choose one of the list; an entity of a VM names its source and its id.',
    blocks_one: 'One finding blocks a start.',
    blocks_other: '{{count}} findings block a start.',
    summary:
      '{{vm}}: {{kept}} of {{total}} snapshots to {{target}} ({{classes}}), {{bytes}} to copy, {{volumes}}',
    faults: {
      noPlan:
        'There is no plan yet of what you have chosen. Wait until it is shown, or mend what is wrong with it.',
      blocking_one: 'One finding blocks the plan: accept it, or mend it.',
      blocking_other: '{{count}} findings block the plan: accept those that can be, or mend them.',
    },
  },
} as const;
