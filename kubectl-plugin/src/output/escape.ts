/** Names and descriptions of the source at a terminal: `printable` shows what would act instead of doing it, `shellWord` makes a word of it. */
export { firstLine, printable, shellWord } from '@vm-migrate/api';
