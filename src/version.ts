declare const CAUSEWAY_VERSION: string | undefined

/** The program's version, set when it is bundled. */
export const VERSION: string = typeof CAUSEWAY_VERSION === 'string' ? CAUSEWAY_VERSION : '0.0.0-dev'
