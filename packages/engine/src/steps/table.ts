/** Every kind of step by its name. A kind that is planned and not here cannot run. */
import type { StepKindName } from '../plan/plan';
import { applyLayer } from './apply-layer';
import { sampleSnapshot, verifySnapshot } from './check-snapshot';
import { createVolume, restoreVolume } from './make-volume';
import { proveClass } from './prove-class';
import { removeVolume, removeVolumeSnapshot } from './remove-objects';
import type { StepKind } from './step';
import { awaitSnapshot, takeSnapshot } from './take-snapshot';

export const STEP_KINDS: Readonly<Record<StepKindName, StepKind>> = {
  proveClass,
  createVolume,
  restoreVolume,
  applyLayer,
  takeSnapshot,
  awaitSnapshot,
  sampleSnapshot,
  removeVolume,
  removeVolumeSnapshot,
  verifySnapshot,
};
