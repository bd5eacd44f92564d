export * from './target';
export * from './open-target';
export {
  LocalDirectoryTarget,
  type LocalDirectoryDeps,
} from './local-directory/local-directory-target';
export { localDirectoryOptionsSchema, type LocalDirectoryOptions } from './local-directory/options';
export * from './probe-io';
export * from './prove-class';
