/** The formats by name: what the rest of the engine may use of this folder. */
export type {
  Extent,
  ExtentKind,
  Layer,
  LayerFormat,
  LayerManifest,
  ManifestFile,
  ParentLink,
} from './layer';
export type { AllocatedRun, FileFacts, FileOpener, RandomAccess } from './random-access';
export { folderOpener, type FolderAddress } from './folder-opener';
export { openLocalFile, type LocalFileMode } from './local-file';
export { openLayer, type OpenLayerOptions } from './open-layer';
export { openRawLayer } from './raw';
export {
  assertLink,
  LayerChain,
  openLayerChain,
  openParent,
  parentNames,
  type OpenChainOptions,
} from './layer-chain';
export type { UncleanRule } from './extent-file';
export { parseDescriptor, type Descriptor, type ExtentLine } from './vmdk/descriptor';
