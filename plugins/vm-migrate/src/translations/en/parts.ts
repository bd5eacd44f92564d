/** Words of the small things that pages share. */
export const parts = {
  controls: { quoted: '“{{name}}”', under: '“{{name}}” under “{{section}}”' },
  command: {
    label: 'Command for a terminal',
    copy: 'Copy the command',
    copied: 'Copied',
  },
  waiting: 'Loading',
  wait: { for: 'waits for', time: '{{time}}' },
  age: '{{time}} ago',
} as const;
