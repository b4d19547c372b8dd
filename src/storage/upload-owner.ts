/**
 * A feature that refers to uploads. It provides this from its shared module, so that every process that removes uploads
 * asks it; the folder of a feature that is not there is not looked at.
 */
export abstract class UploadOwner {
  /** Stable for ever: its uploads lie in a folder of this name. */
  abstract readonly feature: string;

  /**
   * Of any feature's uploads, whoever's. A key that is about to be referred to must be named too.
   * @returns those of the keys that this feature refers to
   */
  abstract inUse(keys: readonly string[]): Promise<readonly string[]>;
}
