/** Words that every page uses. */
export const common = {
  /** Which one these words are in, as `lang` of HTML has it. */
  language: 'en',
  plugin: { title: 'VM migrations' },
  nav: { migrations: 'Migrations', new: 'New migration', operations: 'Sources and workers' },
  noSuchPage: {
    title: 'There is no such page',
    words: 'The address may have been typed wrongly, or come from another version.',
    list: 'To the migrations',
  },
  live: {
    starting: 'Connecting',
    stream: 'Live',
    polling: 'Live, every 2 seconds',
    denied: 'Not live: you may not read events',
    lost: {
      title: 'The backend does not answer',
      words: 'What is shown may be old. It is asked again by itself.',
    },
    'signed-out': {
      title: 'You are signed out',
      words: 'What is shown may be old. Reload the page to sign in again.',
      reload: 'Reload the page',
    },
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
  failure: {
    code: 'Code: {{code}}',
    signedOut: {
      title: 'You are signed out.',
      remedy: 'Reload the page to sign in again.',
    },
  },
} as const;
