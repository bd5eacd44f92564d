/** Version of engine and mover; both ends of a run name it, receipts carry it. */
export const MOVER_VERSION = '0.1.0';
