/** All that the mover program needs: its bundle holds nothing of plans, stores or surfaces. */
export { runFileProgram } from './file-program';
export { runProgram } from './program';
export { runPushProgram } from './push/push-program';
export { runServeProgram } from './serve-program';
export { runThread } from './run-thread';
export { MOVER_VERSION } from './version';
export { MOVER_PROTOCOL } from './mover';
