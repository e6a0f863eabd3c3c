/** Why the server cannot start, for the operator: names the setting and says what to do. Ends the process with its exit code (sysexits.h). */
export class StartFault extends Error {
  readonly exitCode: number;

  constructor(exitCode: typeof EXIT_TRY_AGAIN | typeof EXIT_CONFIG, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Nothing is wrong with the settings; later it may work. */
export const EXIT_TRY_AGAIN = 75;
/** Something must be changed first (platform 1.1). */
export const EXIT_CONFIG = 78;
