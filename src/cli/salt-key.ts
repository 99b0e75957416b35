/** `latchkey salt-key rotate` and `status`: a new key below stored credentials, and what is still under the one before. */
import type { Command } from 'commander';
import { ENVIRONMENT_NAMES } from '../config/env.ts';
import { CliError, type CliIo, type Installation } from './cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from './command-options.ts';
import { formatTable } from './format-table.ts';

type Status = NonNullable<Awaited<ReturnType<Installation['lookAtSaltKeys']>>>;
type Count = Status['counts'][number];

export function addSaltKeyCommands(program: Command, io: CliIo): void {
  const saltKey = program.command('salt-key').description('the key below stored credentials and the audit log');
  addConfigOptions(
    saltKey.command('rotate').description('make a new salt key and keep the present one beside it'),
  ).action(async (options: ConfigOptions) => {
    const config = io.loadConfig(toOverrides(options));
    if (config.saltKey !== null) {
      throw new CliError(
        'The salt key is set by the configuration or the environment: set a new one there, name the present one in ' +
          `${ENVIRONMENT_NAMES.earlierSaltKeys}, and restart the gateway.`,
      );
    }
    const rotated = await (await io.loadInstallation()).rotateSaltKey(config);
    if (rotated === null) {
      throw new CliError(
        `There is no salt.key in ${config.server.dataDir}: the gateway makes one at its first start there.`,
      );
    }
    const { keyId, replacedKeyId } = rotated;
    io.print(
      options.json
        ? JSON.stringify({ key_id: keyId, earlier_key_id: replacedKeyId })
        : `The salt key is ${keyId} now; ${replacedKeyId} is kept in salt.key.earlier.`,
    );
    io.complain(NEXT);
  });
  addConfigOptions(saltKey.command('status').description('what is sealed under which key')).action(
    async (options: ConfigOptions) => {
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const database = installation.databaseUrlOf(config);
      if (config.databaseUrl === null && !io.fileExists(database)) {
        throw new CliError(`There is no database at ${database} yet, so nothing is sealed.`);
      }
      const status = await installation.lookAtSaltKeys(config);
      if (status === null) {
        throw new CliError(
          `There is no salt key (${ENVIRONMENT_NAMES.saltKey}, or salt.key in the data directory), or the database has not this version's tables.`,
        );
      }
      if (options.json) return io.print(JSON.stringify(toJson(status)));
      io.print(`The salt key is ${status.keyId}; ${describeEarlier(status)}.`);
      if (status.counts.length > 0) io.print(`\n${formatTable(COLUMNS, status.counts)}`);
      io.complain(advise(status));
    },
  );
}

const NEXT = [
  'Next:',
  '1. Restart the gateway: it opens with both keys, seals with the new one, and seals again what is stored.',
  '2. Wait until `latchkey salt-key status` counts nothing under an earlier key but the audit log.',
  '3. Remove salt.key.earlier from the data directory and restart. Keep its key elsewhere: rows of the audit log and',
  '   checkpoints from before are verified with it (`latchkey audit verify --earlier-salt-file`), and back-ups need it.',
].join('\n');

const COLUMNS = [
  { title: 'SEALED', value: ({ purpose }: Count) => (purpose === 'audit log' ? 'rows of the audit log' : purpose) },
  { title: 'KEY ID', value: ({ keyId }: Count) => keyId ?? '-' },
  { title: 'KEY', value: (count: Count) => describeKey(count) },
  { title: 'COUNT', value: ({ count }: Count) => String(count), align: 'right' as const },
];

function describeKey({ key, keyId, purpose }: Count): string {
  if (key === 'unknown') return 'not here';
  return keyId === null && purpose !== 'audit log' ? `${key}, older form` : key;
}

function describeEarlier({ earlierKeyIds }: Status): string {
  return earlierKeyIds.length === 0 ? 'no earlier key is set' : `earlier ones are ${earlierKeyIds.join(', ')}`;
}

/** What credentials still hang on earlier keys, and on keys that nobody has. */
function sumUp({ counts }: Status) {
  const credentials = counts.filter(({ purpose }) => purpose !== 'audit log');
  const sum = (which: (count: Count) => boolean) =>
    credentials.filter(which).reduce((all, { count }) => all + count, 0);
  return {
    toReseal: sum(({ key, keyId }) => key === 'earlier' || (key === 'current' && keyId === null)),
    underEarlier: sum(({ key }) => key === 'earlier'),
    unopenable: sum(({ key }) => key === 'unknown'),
  };
}

function advise(status: Status): string {
  const { toReseal, unopenable } = sumUp(status);
  const lines = [];
  if (unopenable > 0) {
    lines.push(
      `${unopenable} cannot be opened with any key that is here: name the key that they were sealed with ` +
        `(${ENVIRONMENT_NAMES.earlierSaltKeys}), or set these credentials again.`,
    );
  }
  if (toReseal > 0) {
    lines.push(
      isCurrent(status) && status.note?.at !== null
        ? `${toReseal} are to be sealed again; a gateway is at it.`
        : `${toReseal} are to be sealed again: a gateway with the present keys does so, soon after its start.`,
    );
  } else if (status.earlierKeyIds.length > 0) {
    lines.push(
      'No credential needs an earlier key. Once no process runs with one, take it out and keep it elsewhere: rows of the ' +
        'audit log, checkpoints and back-ups from before need it to be verified.',
    );
  } else if (unopenable === 0) lines.push('Every credential is sealed under the salt key.');
  return lines.join('\n');
}

function isCurrent({ note, keyId }: Status): boolean {
  return note !== null && note.keyId === keyId;
}

function toJson(status: Status) {
  const { toReseal, underEarlier, unopenable } = sumUp(status);
  return {
    key_id: status.keyId,
    earlier_key_ids: status.earlierKeyIds,
    sealed: status.counts.map(({ purpose, keyId, key, count }) => ({ purpose, key_id: keyId, key, count })),
    to_be_sealed_again: toReseal,
    under_earlier_keys: underEarlier,
    cannot_be_opened: unopenable,
    sealing_again: isCurrent(status) && status.note !== null && status.note.at !== null,
  };
}
