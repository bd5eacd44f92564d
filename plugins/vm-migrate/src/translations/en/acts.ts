/** What can be done with migrations, and what each act does. */
export const acts = {
  acts: {
    pause: {
      name: 'Pause',
      title_one: 'Pause this migration?',
      title_other: 'Pause {{count}} migrations?',
      confirm_one: 'Pause it',
      confirm_other: 'Pause {{count}}',
      happens:
        'The window in hand is finished, then nothing is written until somebody resumes. On the target everything stays as it is.',
    },
    resume: {
      name: 'Resume',
      title_one: 'Resume this migration?',
      title_other: 'Resume {{count}} migrations?',
      confirm_one: 'Resume it',
      confirm_other: 'Resume {{count}}',
      happens: 'Work goes on where it stopped. What is on the target is used, nothing is removed.',
    },
    retry: {
      name: 'Retry',
      title_one: 'Try the failed steps of this migration again?',
      title_other: 'Try the failed steps of {{count}} migrations again?',
      confirm_one: 'Retry',
      confirm_other: 'Retry {{count}}',
      happens:
        'Failed steps are tried again. A volume that a failed step left half written is checked first, and made again where it is not what it should be.',
    },
    cancel: {
      name: 'Cancel',
      title_one: 'Cancel this migration?',
      title_other: 'Cancel {{count}} migrations?',
      confirm_one: 'Cancel the migration',
      confirm_other: 'Cancel {{count}} migrations',
      allMigrated:
        'All of it is on the target already. While only checks are left, "keep all" ends those and it stays migrated; the other choices are refused then.',
      happens:
        'A canceled migration cannot be resumed. The VM at the source is not touched. Choose what happens to what was made on the target:',
    },
    objects: {
      label: 'Volumes and VolumeSnapshots on the target',
      names: 'What becomes of each object',
      and: ' and ',
      count: {
        volume_one: '{{count}} volume',
        volume_other: '{{count}} volumes',
        'volume-snapshot_one': '{{count}} VolumeSnapshot',
        'volume-snapshot_other': '{{count}} VolumeSnapshots',
      },
      sum: {
        removed: 'Removes {{what}}.',
        kept: 'Keeps {{what}}.',
        nothing: 'Nothing of it is on the target.',
      },
      fate: { removed: 'Removed for good ({{total}})', kept: 'Kept ({{total}})' },
      purpose: {
        main: 'current state of a disk',
        branch: 'side branch of a disk',
        snapshot: 'VMware snapshot',
        current: 'current state',
        fork: 'working one, at a fork',
      },
      begun: 'begun; it may not be there',
      more_one: 'and {{count}} more',
      more_other: 'and {{count}} more',
      neverMade_one: '{{count}} more was planned and will not be made.',
      neverMade_other: '{{count}} more were planned and will not be made.',
      'keep-all': {
        title: 'Keep all of them',
        happens: 'Volumes and VolumeSnapshots stay and take up space until somebody removes them.',
      },
      'keep-snapshots': {
        title: 'Keep the VolumeSnapshots',
        happens:
          'Every VolumeSnapshot that was cut for a VMware snapshot stays and can be restored. Volumes and working VolumeSnapshots are removed.',
      },
      'remove-all': {
        title: 'Remove all of them',
        happens:
          'Every volume and VolumeSnapshot of the migration is removed for good. Nothing of it is left on the target.',
      },
    },
    leftAlone_one: 'One more is selected and is left alone:',
    leftAlone_other: '{{count}} more are selected and are left alone:',
    sum: '{{done}} of {{total}} done, {{failed}} failed',
    outcome: { asked: 'in progress', done: 'done', failed: 'failed' },
    again_one: 'Try the failed one again',
    again_other: 'Try the {{count}} failed ones again',
    back: 'Back',
    close: 'Close',
    refusal: {
      migrated: 'It is migrated already; its volumes and VolumeSnapshots are yours.',
      canceled: 'It is canceled.',
      canceling: 'It is being canceled.',
      paused: 'It is paused already.',
      notPaused: 'It is not paused.',
      nothingFailed: 'None of its steps failed.',
      notAllowed: 'You may not steer it. Ask whoever decides about permissions in Backstage.',
    },
    refusalOfAll: {
      nothing: 'Select migrations first.',
      pause: 'None of the selected migrations can be paused.',
      resume: 'None of the selected migrations is paused.',
      retry: 'None of the selected migrations has a failed step.',
      cancel: 'All of the selected migrations have ended.',
      notAllowed: 'You may steer none of the selected migrations.',
    },
  },
} as const;
