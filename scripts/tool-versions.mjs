// The versions that set-up fetches. A fresh Linux x64 machine gets exactly these.
export const NODE_VERSION = '24.21.0';
export const YARN_VERSION = '4.18.1';

/** Node lines that the product runs on; the minor is what graphile-worker and require(esm) ask for. */
const SUPPORTED = [
  { major: 22, minor: 18 },
  { major: 24, minor: 0 },
];

export function isSupportedNode(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return SUPPORTED.some(line => line.major === major && minor >= line.minor);
}
