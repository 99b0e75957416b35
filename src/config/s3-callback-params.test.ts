import { expect, test } from 'vitest';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

function load(yaml: string, environment: Record<string, string> = {}) {
  const readFile = (path: string): string => {
    if (path === 'config.yaml') return yaml;
    throw Object.assign(new Error(path), { code: 'ENOENT' });
  };
  return loadConfig({ environment: readEnvironment(environment), overrides: { configFile: 'config.yaml' }, readFile });
}

const FILE = `
litellm_settings:
  success_callback: [s3_v2]
  s3_callback_params:
    s3_bucket_name: calls
    s3_region_name: eu-central-1
    s3_aws_access_key_id: os.environ/BUCKET_KEY
    s3_aws_secret_access_key: os.environ/BUCKET_SECRET
    s3_batch_size: 100
`;

test('the file says what the environment says otherwise, for log destinations alone', () => {
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'other',
    AWS_SESSION_TOKEN: 'of the other key',
    BUCKET_KEY: 'key',
    BUCKET_SECRET: 'secret',
    S3_PATH: 'folder',
  };
  const { logging, variables, warnings } = load(FILE, environment);
  expect(logging.variables).toMatchObject({
    S3_BUCKET_NAME: 'calls',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    S3_BATCH_SIZE: '100',
    S3_PATH: 'folder',
  });
  expect(logging.variables).not.toHaveProperty('AWS_SESSION_TOKEN');
  expect(variables).toMatchObject({ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'other' });
  expect(JSON.stringify(warnings)).not.toContain('s3_callback_params');
});

test('what has no effect is in the warning, what is wrong is refused with its line', () => {
  const known = load(`${FILE}    s3_verify: false\n    s3_use_team_prefix: true\n`, {
    BUCKET_KEY: 'k',
    BUCKET_SECRET: 's',
  });
  expect(JSON.stringify(known.warnings)).toContain('s3_callback_params.s3_use_team_prefix');
  expect(() => load(`${FILE}    s3_buckt_name: other\n`)).toThrow(/config\.yaml:10.*did you mean `s3_bucket_name`/s);
  expect(() => load(FILE.replace('100', 'many'))).toThrow(/s3_batch_size.*a whole number of at least 1/s);
});
