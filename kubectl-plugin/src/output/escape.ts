/** Names from the source on a terminal: shown whole, and harmless. Pages and reports show them the same. */
export { firstLine, printable, shellWord } from '@vm-migrate/api';
