/** koffi: locks, holes and reflinks go through it. Without it slower and stricter ways are taken. */
import { posix } from '../native/posix';
import { ok, warning, type Check } from './check';

export const checkNativeLibrary: Check = async () => {
  if (posix() !== undefined) return [ok('native library', 'koffi reaches the C library')];
  return [
    warning(
      'native library',
      `koffi cannot be used on ${process.platform}-${process.arch}`,
      'Plain ways are taken: no holes punched, no reflinks. Set up again with `npm run setup` on Linux to have them.',
    ),
  ];
};
