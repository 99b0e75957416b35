/** The version of this program, also shown to clients as `x-litellm-version`. Kept equal to package.json by a test. */
export const VERSION = '0.1.0';
