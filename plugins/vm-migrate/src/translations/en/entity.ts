/** Words of our parts of a VM's entity. */
export const entity = {
  entity: {
    card: 'Migration',
    menu: 'Migrate with snapshots',
    notMigrated: 'This VM is not migrated. Its snapshots are as the source has them now.',
    openMigration: 'Open the migration',
    snapshots: '{{ready}} of {{total}} snapshots ready',
    startedBy: 'started by',
    endedBy: 'ended, started by',
    mayNotPlan: 'You may not plan a migration. Ask whoever decides about permissions in Backstage.',
    missing: {
      title: 'This entity does not say which VM it is',
      words: 'Write into its descriptor what is missing:',
      example: 'Example of the annotations',
      find: 'Source and id of each VM are in',
    },
  },
} as const;
