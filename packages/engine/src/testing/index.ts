/** The shared suites that every Layer, Source and Target passes, and what they are made with. For jest. */
export { describeSource, expectStates } from './source-suite';
export { describeTarget } from './target-suite';
export { layerSuite } from './layer-suite';
export { VmBuilder } from './vm-builder';
export { writeExampleVm } from './example-vm';
export { writeRandomVm } from './random-vm';
