/** Settings from outside the file: flags of the command line, then environment variables, checked like the file's. */
import type { z } from 'zod';
import type { Report } from './config-problem.ts';
import { ENVIRONMENT_NAMES, type Environment, type EnvironmentSetting } from './env.ts';

/** What the command line said, as text. */
export interface ConfigOverrides {
  configFile?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  dataDir?: string | undefined;
  logLevel?: string | undefined;
  workers?: string | undefined;
  rootPath?: string | undefined;
}

const FLAGS: Partial<Record<EnvironmentSetting, { override: keyof ConfigOverrides; flag: string }>> = {
  host: { override: 'host', flag: '--host' },
  port: { override: 'port', flag: '--port' },
  dataDir: { override: 'dataDir', flag: '--data-dir' },
  logLevel: { override: 'logLevel', flag: '--log-level' },
  workers: { override: 'workers', flag: '--workers' },
  rootPath: { override: 'rootPath', flag: '--root-path' },
};

/** Reads one setting; null when it is not given, or was reported as wrong. */
export type OutsideReader = <T>(schema: z.ZodType<T>, setting: EnvironmentSetting) => T | null;

/** A reader over the flags and the environment. */
export function createOutsideReader(
  settings: Environment['settings'],
  overrides: ConfigOverrides,
  report: Report,
): OutsideReader {
  return (schema, setting) => {
    const flag = FLAGS[setting];
    const override = flag === undefined ? undefined : overrides[flag.override];
    const value = override ?? settings[setting];
    if (value === null) return null;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const path = override === undefined || flag === undefined ? ENVIRONMENT_NAMES[setting] : flag.flag;
    report({ path, at: null, message: result.error.issues[0]?.message ?? 'is not valid' });
    return null;
  };
}
