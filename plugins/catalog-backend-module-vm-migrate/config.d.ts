/** Filled in by the provider's own settings. */
export interface Config {
  readonly catalog?: object;
}
