/** What this program is called and which version it is. */
import manifest from '../package.json';

export const PROGRAM = 'kubectl vm-migrate';
export const VERSION: string = manifest.version;
