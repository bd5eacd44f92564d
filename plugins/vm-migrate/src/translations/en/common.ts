/** Words that every page uses. */
export const common = {
  plugin: { title: 'VM migrations' },
  nav: { migrations: 'Migrations', new: 'New migration', operations: 'Sources and workers' },
  live: {
    starting: 'Connecting',
    stream: 'Live',
    polling: 'Live, every 2 seconds',
    lost: 'The backend does not answer; what is shown may be old',
  },
  state: {
    running: 'running',
    paused: 'paused',
    failed: 'failed',
    migrated: 'migrated',
    canceled: 'canceled',
  },
  progress: { bytes: '{{done}} of {{total}}', left: '{{time}} left' },
  copy: { label: 'Copy {{what}}', copied: 'Copied', failed: 'The browser did not copy it' },
  answer: { again: 'Ask again' },
  failure: { code: 'Code: {{code}}' },
} as const;
