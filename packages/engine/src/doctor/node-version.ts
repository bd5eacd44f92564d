/** Node 22.18 or newer of 22, or 24: what is tested. */
import { ok, warning, type Check } from './check';

export const checkNodeVersion: Check = async () => {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const fits = major === 24 || (major === 22 && minor >= 18);
  return [
    fits
      ? ok('Node', node)
      : warning('Node', node, 'Use Node 24, or 22.18 and newer of 22: others are not tested.'),
  ];
};
